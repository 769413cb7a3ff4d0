import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { otherProgram } from '../../rehearsal/programs.ts';
import { planOf, rehearsed } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;
const PECULIAR = fileURLToPath(new URL('peculiar.mjs', import.meta.url));

/** Any program with a peculiarity. */
const peculiar = (name: string, variables: Record<string, string> = {}) =>
  otherProgram(`${process.execPath} ${PECULIAR} ${name}`, { PATH: process.env['PATH'] }, variables);

test.each(['logs-like-the-service', 'writes-without-end'])(
  'what a program that %s writes is not taken for more than it is',
  async (name) => {
    const result = await rehearsed(planOf(peculiar(name)));

    expect(result.losses).toEqual([]);
    expect(result.agreement).toBe('unknown');
  },
  MINUTE,
);

const testWherePossible = process.platform === 'linux' ? test : test.skip;

testWherePossible(
  'what a replica has started is ended with it, even a daemon that has its output',
  async () => {
    const mark = `PECULIAR_TEST=${process.pid}`;
    const result = await rehearsed(
      planOf(peculiar('leaves-a-daemon-behind', { PECULIAR_TEST: String(process.pid) })),
    );

    expect(result.replicas[0]?.exit).toMatchObject({ code: 0 });
    expect(processesWith(mark)).toEqual([]);
  },
  MINUTE,
);

/** By a variable in their environment. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark);
    } catch {
      return false; // gone meanwhile, or not ours
    }
  });
}
