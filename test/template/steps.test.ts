import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Folder } from '../../scripts/template/folder.ts';
import { fill, linesOf, listsOf, perform } from '../../scripts/template/steps.ts';
import { own } from '../harness/own.ts';

/** A folder with some files. */
function folderWith(files: Record<string, string>): Folder {
  const folder = new Folder(mkdtempSync(join(tmpdir(), 'steps-')));
  own(() => rmSync(folder.folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) folder.write(path, text);
  folder.written.clear();
  return folder;
}

/** What a file is after a step. */
function after(step: string, path: string, text: string, words: Record<string, string> = {}): string {
  const folder = folderWith({ [path]: text });
  perform(folder, [step], { words });
  return folder.read(path);
}

describe('a step', () => {
  test('sets a key of a YAML file, and leaves its comment', () => {
    const yaml = '# The chart\nname: old # the name\nversion: 1\n';

    expect(after('set c.yaml name {{name}}', 'c.yaml', yaml, { name: 'new' })).toBe(
      '# The chart\nname: new # the name\nversion: 1\n',
    );
  });

  test('sets a number where a number was', () => {
    expect(after('set c.yaml ports.http 3000', 'c.yaml', 'ports:\n  http: 8080\n')).toBe(
      'ports:\n  http: 3000\n',
    );
  });

  test('quotes what YAML would read as something else', () => {
    expect(after('set c.yaml text a: b # c', 'c.yaml', 'text: x\n')).toBe('text: "a: b # c"\n');
  });

  test('swaps a text that has the old words for one that has the new ones', () => {
    const folder = folderWith({ Dockerfile: 'LABEL title="old" licence="MIT"\n' });

    perform(folder, ['swap Dockerfile title="{{name}}"'], {
      words: { name: 'new' },
      before: { name: 'old' },
    });

    expect(folder.read('Dockerfile')).toBe('LABEL title="new" licence="MIT"\n');
  });

  test('that depends on an answer is left out if that is empty', () => {
    const step = 'with owner copy a.txt b.txt';
    const folder = folderWith({ 'a.txt': 'of {{owner}}' });

    perform(folder, [step], { words: { owner: '' } });
    expect(folder.has('b.txt')).toBe(false);
    perform(folder, [step], { words: { owner: 'me' } });
    expect(folder.read('b.txt')).toBe('of me');
  });

  test.each(['delete b', 'cut b.txt word', 'section b.md ## Heading', 'drop b.json key'])(
    'that is about a file which has gone with something else is passed over where that is allowed: %s',
    (step) => {
      expect(() => perform(folderWith({}), [step], { lenient: true })).not.toThrow();
    },
  );

  test.each([
    ['swap a.txt x => y', 'swap a.txt x => y: there is no "x"'],
    ['cut a.txt x', 'cut a.txt x: there is nothing to do'],
    ['delete b.txt', 'delete b.txt: there is nothing to do'],
    ['erase a.txt', 'erase a.txt: no step begins with erase'],
    ['copy a.txt {{where}}', 'copy a.txt {{where}}: nobody knows what {{where}} is'],
  ])('that can not be taken says why: %s', (step, message) => {
    expect(() => perform(folderWith({ 'a.txt': 'word' }), [step])).toThrow(message);
  });
});

test('of a list only steps are taken, not its comments', () => {
  expect(linesOf('# why\ndelete a\n\ncut b c\n')).toEqual(['delete a', 'cut b c']);
});

test('the lists of a page are found by their names', () => {
  expect(listsOf('# Page\n\n```takeout tls\ndelete a\n```\n\n```takeout b\nlock\n```\n')).toEqual({
    tls: ['delete a'],
    b: ['lock'],
  });
});

test('a word in braces that nobody has answered is an error, and an answer is never read again for words', () => {
  expect(() => fill('{{nobody}}', {})).toThrow('{{nobody}}');
  expect(fill('{{a}}', { a: '{{b}}', b: 'x' })).toBe('{{b}}');
});
