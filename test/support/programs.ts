import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';
import { unlessMissing } from './skipping.ts';

/** Whether a program is on PATH. */
export function onPath(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/**
 * `test`, or `describe`, if all these programs are there, else its `skip`.
 *
 * @param what the tests, as in "tests that need"
 * @param isThere asked for each of them
 */
export function unlessProgramsMissing<T extends { skip: unknown }>(
  define: T,
  what: string,
  programs: string[],
  isThere: (program: string) => boolean = onPath,
): T | T['skip'] {
  const missing = programs.filter((program) => !isThere(program));
  const obstacle = `no ${missing.join(' and no ')} (.ci/run shows which packages have them)`;
  return unlessMissing(
    define,
    `${what} ${programs.join(' and ')}`,
    missing.length > 0 ? obstacle : undefined,
  );
}

/** `test` if all these programs are on PATH, else `test.skip`. */
export function testWith(...programs: string[]): typeof test | typeof test.skip {
  return unlessProgramsMissing(test, 'tests that need', programs);
}
