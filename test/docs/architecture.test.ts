import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOM_VARIABLES } from '../../src/lastcall/config/config.ts';

const [, page = ''] = /^```\n(src\/[^]*?)^test\//m.exec(readFileSync('docs/architecture.md', 'utf8')) ?? [];
/** Without the folders of rooms that a service has taken out. */
const map = Object.keys(ROOM_VARIABLES)
  .filter((room) => !existsSync(`src/lastcall/${room}`))
  .reduce((text, room) => text.replace(new RegExp(`^ {4}${room}/.*\\n(?: {6}.*\\n)*`, 'm'), ''), page);
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
