import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';

/** `test` if all these programs are on PATH, else `test.skip`, with a line that nobody overlooks. */
export function testWith(...programs: string[]): typeof test | typeof test.skip {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).status !== 0);
  if (missing.length === 0) return test;
  process.stderr.write(
    `SKIPPED: tests that need ${missing.join(' and ')} on PATH (.ci/run shows which packages have them)\n`,
  );
  return test.skip;
}
