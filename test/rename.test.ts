import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { helm } from '../scripts/helm.ts';
import { CI_VALUES } from './support/ci-values.ts';
import { CHART_NAME, PACKAGE_NAME } from './support/names.ts';
import { unlessMissing } from './support/skipping.ts';
import { ROOT } from './support/workflows.ts';

jest.setTimeout(600_000);

const TEMPLATE = 'lastcall';
const NEW = 'orders-api';

const obstacle =
  // Neither in real clones, nor in the one that is made here.
  PACKAGE_NAME !== TEMPLATE
    ? 'this is a clone that has its name'
    : spawnSync('git', ['ls-files', '--error-unmatch', 'package.json'], { cwd: ROOT }).status !== 0
      ? 'git does not know which files are part of it'
      : undefined;
const testWherePossible = unlessMissing(test, 'the rename', obstacle);
/** Where the template's name may stay; docs/renaming.md says why. */
const KEEPS_ITS_NAME = [
  /^(README\.md|CHANGELOG\.md|LICENSE)$/,
  /^docs\//,
  /^rehearsal\//,
  /^src\/lastcall\//,
  /^test\/chart\/fixtures\//,
  /^test\/rename\.test\.ts$/, // it skips itself by the name
];
/** The engine's folder and its door, as imports, rules of the linter and other paths mention them; and the rehearsal. */
const ENGINE =
  /(?<=['"`]\/?|\b(?:src|dist|test)\/|\.\/)lastcall(?=[/'"])|(?<=#)lastcall\b|\blastcall-rehearse\b/g;

/** Tests that start many processes, or wait for the time that something takes, and for which a name is a word. */
const SLOW = [
  '/test/process/',
  '/test/rehearsal/',
  '/test/e2e/load',
  '/test/image/image',
  '/test/prometheus/(live|scrape)',
];

/** Every file of the working tree that git has or would take. */
function ownFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return [...new Set(listed)].filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

/** The first table of docs/renaming.md. */
function places(): { file: string; line: string }[] {
  const [table = ''] = readFileSync(join(ROOT, 'docs/renaming.md'), 'utf8').split('\n\nThe name consists');
  return [...table.matchAll(/^\| `([^`]+)` *\| `([^`]+)`/gm)].map(([, file = '', line = '']) => ({
    file,
    line,
  }));
}

let copy = '';
const files: string[] = [];
const touched: string[] = [];

beforeAll(() => {
  if (obstacle !== undefined) return;
  copy = mkdtempSync(join(tmpdir(), 'renamed-'));
  files.push(...ownFiles());
  for (const file of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const { file, line } of places()) {
    const before = readFileSync(join(copy, file), 'utf8');
    const after = before.replaceAll(line.replace('NAME', TEMPLATE), line.replace('NAME', NEW));
    writeFileSync(join(copy, file), after);
    if (after !== before) touched.push(file);
  }
});

afterAll(() => {
  if (copy !== '') rmSync(copy, { recursive: true });
});

/** What the program says if it fails; nothing if it succeeds. */
function complaintsOf(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return status === 0 ? '' : `exit code ${status}\n${stdout}\n${stderr}`;
}

describe('a rename as docs/renaming.md has it', () => {
  testWherePossible('touches every file of its list, and ten at most', () => {
    expect(touched).toEqual(places().map(({ file }) => file));
    expect(touched.length).toBeGreaterThan(2);
    expect(touched.length).toBeLessThanOrEqual(10);
  });

  testWherePossible(
    "leaves the old name in prose and in what is not the clone's own, and nowhere else",
    () => {
      const old = new RegExp(TEMPLATE, 'i');
      const left = files
        .filter((file) => !KEEPS_ITS_NAME.some((place) => place.test(file)))
        .filter((file) => {
          const text = readFileSync(join(copy, file), 'utf8');
          return old.test(file.replace(ENGINE, '')) || old.test(text.replace(ENGINE, ''));
        });
      expect(left).toEqual([]);
    },
  );
});

describe('in the renamed copy', () => {
  const bin = (name: string) => join('node_modules', '.bin', name);

  testWherePossible.each([
    ['tsc', ['-p', 'tsconfig.json', '--noEmit']],
    ['oxlint', []],
    ['prettier', ['--check', '--log-level=warn', '.']],
  ])('%s has nothing to say', (program, args) => {
    expect(complaintsOf(bin(program), args)).toBe('');
  });

  testWherePossible.each(CI_VALUES)('helm lints and renders helm/ci/%s, with the new name', async (name) => {
    const chart = join(copy, 'helm');
    const values = join(chart, 'ci', `${name}-values.yaml`);
    const lint = await helm(['lint', '--strict', chart, '-f', values]);
    expect(lint.code === 0 ? '' : lint.stdout + lint.stderr).toBe('');
    const { code, stdout, stderr } = await helm(['template', 'rel', chart, '-f', values]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain(`name: "rel-${NEW}"`);
    expect(stdout).not.toContain(CHART_NAME);
  });

  testWherePossible('the quick tests pass', () => {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jestArgs = ['--silent', '--testPathIgnorePatterns', ...SLOW];
    expect(complaintsOf(process.execPath, [...flags, 'node_modules/jest/bin/jest.js', ...jestArgs])).toBe('');
  });
});
