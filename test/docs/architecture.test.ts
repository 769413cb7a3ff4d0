import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from '@jest/globals';

const [, map = ''] = /^```\n(src\/[^]*?)^test\//m.exec(readFileSync('docs/architecture.md', 'utf8')) ?? [];
const NAMED = new Set(map.match(/[\w-]+\.ts/g));

test('docs/architecture.md has every file of the engine in its map', () => {
  const files = readdirSync('src/lastcall', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => basename(path));

  expect(files.filter((name) => !NAMED.has(name))).toEqual([]);
});

test('docs/architecture.md has no file in its map that is gone', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((path) => basename(path));

  // A clone replaces the service.
  const ofEngine = [...NAMED].filter((name) => name !== 'body.ts');
  expect(ofEngine.filter((name) => !files.includes(name))).toEqual([]);
});
