import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { testWith } from '../support/programs.ts';
import { ROOT, scripts } from '../support/workflows.ts';

const testWherePossible = testWith('shellcheck');

const files = ['scripts', 'test', '.github'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { encoding: 'utf8', recursive: true })
    // The benchmark's peers are installed below test/.
    .filter((file) => file.endsWith('.sh') && !file.includes('node_modules'))
    .map((file) => join(folder, file)),
);
files.push('.ci/run');

function shellcheck(args: string[], input = '') {
  const { status, stdout } = spawnSync('shellcheck', args, { cwd: ROOT, input, encoding: 'utf8' });
  return { status, stdout };
}

test.each(files)('%s stops at the first error', (file) => {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  expect(lines[0]).toBe('#!/usr/bin/env bash');
  expect(lines).toContain('set -euo pipefail');
});

testWherePossible.each(files)('shellcheck has nothing against %s', (file) => {
  expect(shellcheck([file])).toEqual({ status: 0, stdout: '' });
});

testWherePossible.each(scripts())('shellcheck has nothing against $at', ({ script }) => {
  expect(shellcheck(['--shell=bash', '-'], script)).toEqual({ status: 0, stdout: '' });
});

testWherePossible('shellcheck would have', () => {
  expect(shellcheck(['--shell=bash', '-'], 'rm $file')).toMatchObject({ status: 1 });
});
