import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const PAGE = readFileSync('docs/reliability.md', 'utf8');
const TESTS = [...PAGE.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)].map(
  ([, title = '', path = '']) => [title, join('docs', path)] as const,
);
const ROWS = PAGE.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:what happens|-)/.test(line));

test('every row of docs/reliability.md has a test', () => {
  expect(ROWS.length).toBeGreaterThan(20);
  expect(ROWS.filter((row) => !row.includes('](../test/'))).toEqual([]);
});

test.each(TESTS)('"%s" is the title of a test in %s', (title, path) => {
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain(title);
});
