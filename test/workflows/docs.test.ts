import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ALL_PAGES } from '../support/pages.ts';
import { ROOT, workflows } from '../support/workflows.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('docs/releasing.md has every workflow', () => {
  const rows = [...read('docs/releasing.md').matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => `${name}.yaml`);
  expect(rows.sort()).toEqual(
    workflows()
      .map(({ file }) => file)
      .sort(),
  );
});

test('SECURITY.md expects signatures of the workflows that sign', () => {
  const page = read('SECURITY.md');
  const expected = [...page.matchAll(/workflows\/([\w-]+\.yaml)@refs\/heads\/main/g)].map(([, file]) => file);
  const sign = workflows().filter(({ text }) => text.includes('cosign sign '));
  expect(new Set(expected)).toEqual(new Set(sign.map(({ file }) => file)));
});

describe.each(ALL_PAGES)('%s', (page) => {
  test('names only npm scripts that exist', () => {
    const named = [...read(page).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('links only to files that exist', () => {
    const prose = read(page).replaceAll(/^```[^]*?^```$/gm, '');
    const links = [...prose.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) => path);
    expect(links.filter((path) => !existsSync(join(ROOT, dirname(page), path)))).toEqual([]);
  });
});
