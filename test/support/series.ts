// What a process of a test counts, while it runs and at its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { leave, reportOf } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';

/** The value of a series, of which the whole of its labels is given; 0 where it is not there. */
export async function series(service: ServiceProcess, name: string): Promise<number> {
  const { body } = await get(`${await service.management}/metrics`);
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

/** Resolves when a series has a value; what is counted has no event. */
export async function becomes(service: ServiceProcess, name: string, value: number): Promise<void> {
  while ((await series(service, name)) !== value) await sleep(20);
}

/** What one listener says at the end, at which everything has to balance. */
export async function endOf(service: ServiceProcess, protocol: string) {
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  return report.listeners.find(({ name }) => name === protocol)!;
}
