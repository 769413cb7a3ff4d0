import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';
import { unlessMissing } from './skipping.ts';

/** `test` if all these programs are on PATH, else `test.skip`. */
export function testWith(...programs: string[]): typeof test | typeof test.skip {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).status !== 0);
  const obstacle = `no ${missing.join(' and no ')} on PATH (.ci/run shows which packages have them)`;
  return unlessMissing(
    test,
    `tests that need ${programs.join(' and ')}`,
    missing.length > 0 ? obstacle : undefined,
  );
}
