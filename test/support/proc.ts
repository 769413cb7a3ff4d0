import { readdirSync, readFileSync } from 'node:fs';
import { test } from '@jest/globals';
import { unlessMissing } from './skipping.ts';

/** `test` where processes can be looked for in /proc, else `test.skip`. */
export function testWithProc(): typeof test | typeof test.skip {
  const obstacle = process.platform === 'linux' ? undefined : 'only Linux has it';
  return unlessMissing(test, 'tests that look for processes in /proc', obstacle);
}

/** Resolves when no process has the mark in its environment any more: what is killed takes a moment to be gone. */
export async function gone(mark: string): Promise<void> {
  while (processesWith(mark).length > 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** Their pids, by a variable in their environment. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
      } catch {
        return false; // gone meanwhile, or not ours
      }
    })
    .map(Number);
}

/** The pid of the first process that it has started. */
export function childOf(pid: number | undefined): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  if (child === undefined || child === '') throw new Error(`process ${pid} has started none`);
  return Number(child);
}
