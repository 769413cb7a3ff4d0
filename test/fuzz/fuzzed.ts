// The service that is fuzzed, as a process.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { QUICK } from '../harness/environment.ts';
import { attend, type Attended } from '../support/attended.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @param preloads modules that are loaded before it */
export function startFuzzed(env: Record<string, string>, preloads: string[]): Attended {
  const imports = preloads.flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, 'test/fixture/main.mjs'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], DIST: 'dist/', ...QUICK, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return attend(child);
}
