import { expect } from '@jest/globals';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import type { ServiceProcess } from './service.ts';

/**
 * Waits for the end and reads the report from the last line, which has to be whole, name the exit code of the process
 * and account for every request and connection.
 */
export async function reportOf(service: ServiceProcess): Promise<{ code: number | null; report: Report }> {
  const { code, stdout } = await service.ended;
  expect(stdout.endsWith('}\n')).toBe(true);
  const last = service.lines.at(-1);
  expect(last).toMatchObject({ event: 'shutdown', exitCode: code });
  const report = last as unknown as Report;
  for (const listener of report.listeners) expect(listener).toMatchObject({ conserved: true });
  return { code, report };
}

/** The numbers of the first listener. */
export function numbersOf({ listeners: [listener] }: Report) {
  if (listener === undefined) throw new Error('the report has no listener');
  return listener;
}

/**
 * SIGTERM, and four more in the course of the shutdown, which must change nothing. A shutdown that has nothing to wait
 * for may be over before the last of them.
 */
export async function leave(service: ServiceProcess): Promise<void> {
  service.kill('SIGTERM');
  await service.line({ state: 'lame-duck' });
  for (const nth of [2, 3, 4, 5]) {
    service.kill('SIGTERM');
    // Equal signals that are pending together arrive as one.
    const counted = service.line({ event: 'signal' }, nth).catch(() => undefined);
    await Promise.race([counted, service.ended]);
  }
}

/** SIGTERM, and an end with exit code 0 in whose report nothing was lost: `none` of what is named in the counts of requests. */
export async function endsWell(
  service: ServiceProcess,
  none: ('aborted' | 'broken' | 'cut')[] = ['broken', 'cut'],
): Promise<void> {
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  const nothing = Object.fromEntries(none.map((outcome) => [outcome, 0]));
  for (const { requests } of report.listeners) expect(requests.lifetime).toMatchObject(nothing);
}

/**
 * How long the window was, from the signal on. `ms.window` begins when the state does, which is a moment later on a busy
 * machine; no phase is in between.
 */
export function windowMs({ ms: { total, drain, cleanup, finalScrape } }: Report): number {
  return total - drain - cleanup - finalScrape;
}
