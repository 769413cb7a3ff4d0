import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from './support/workflows.ts';

/** As in scripts/test-mutants.mjs. */
interface Mutant {
  name: string;
  file: string;
  room?: string;
  replace: [string, string];
  test: [suite: string, title: string];
}

interface Results {
  testResults: { name: string; assertionResults: { fullName: string }[] }[];
}

/** The titles of the tests of processes, by suite. Jest lists them when it is told to run none; the build stays as it is. */
function titles(): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'titles-'));
  const file = join(folder, 'titles.json');
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--globalSetup='];
  const none = ['--json', `--outputFile=${file}`, '-t', '^$', 'test/process'];
  spawnSync(process.execPath, [...jest, ...none], { cwd: ROOT });
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Results;
  rmSync(folder, { recursive: true });
  return new Map(
    testResults.map(({ name, assertionResults }) => [
      /([\w-]+)\.test\.ts$/.exec(name)?.[1] ?? '',
      assertionResults.map(({ fullName }) => fullName),
    ]),
  );
}

const found = titles();
const MUTANTS = JSON.parse(readFileSync(join(ROOT, 'scripts/mutants.json'), 'utf8')) as Mutant[];
// A room of the engine may have been taken out, with its tests.
const THERE = MUTANTS.filter(
  ({ room }) => room === undefined || existsSync(join(ROOT, 'src/lastcall', room)),
);

describe.each(THERE)('the mutant "$name"', ({ file, replace, test: [suite, title] }) => {
  test('names a test that there is', () => {
    const named = found.get(suite)?.filter((one) => new RegExp(title, 'i').test(one)) ?? [];

    expect(named.length).toBeGreaterThan(0);
  });

  test('takes something out that is in the build', () => {
    expect(readFileSync(join(ROOT, 'dist', file), 'utf8')).toContain(replace[0]);
  });
});
