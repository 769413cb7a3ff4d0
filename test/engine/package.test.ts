import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DOORS, NAME, packEngine } from '../../scripts/engine-package.ts';
import { ROOM_VARIABLES } from '../../src/lastcall/config/config.ts';

interface Manifest {
  name: string;
  version: string;
  license: string;
  engines: object;
  exports: Record<string, { types: string; default: string }>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

let folder = '';
let files: string[] = [];
let manifest: Manifest;
const root = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const packed = (path: string) => readFileSync(join(folder, 'package', path), 'utf8');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'packed-'));
  execFileSync('tar', ['xzf', packEngine(folder), '-C', folder]);
  const listed = execFileSync('find', ['package', '-type', 'f'], { cwd: folder, encoding: 'utf8' });
  files = listed
    .trim()
    .split('\n')
    .map((path) => path.slice('package/'.length));
  manifest = JSON.parse(packed('package.json')) as Manifest;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('it has the build and its types, a README with the pages that it links to, the licence, and nothing else', () => {
  const rest = files.filter((path) => !/^dist\/[\w/-]+\.(?:d\.ts|js)$/.test(path));
  const pages = [...packed('README.md').matchAll(/\]\((docs\/[^)]+)\)/g)].map(([, page = '']) => page);

  expect(pages).toContain('docs/adopting.md');
  expect(rest.sort()).toEqual(['LICENSE', 'README.md', ...pages, 'package.json'].sort());
});

test('version, licence and Node are those of the repository', () => {
  const { version, license, engines } = root;

  expect(manifest).toMatchObject({ name: NAME, version, license, engines });
});

test('every folder with a door can be imported by its name, and all that is exported is there', () => {
  expect(Object.keys(manifest.exports)).toEqual(['.', ...DOORS.map((name) => `./${name}`)]);
  expect(DOORS).toEqual(expect.arrayContaining(['lifecycle', 'listener', 'management']));
  for (const door of Object.values(manifest.exports)) {
    expect(files).toEqual(expect.arrayContaining([door.types.slice(2), door.default.slice(2)]));
  }
});

test('a service brings Express, and installs nothing for rooms that it does not use', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const { express, ...others } = peerDependencies;

  expect(express).toBe(`^4.21.0 || ^${root.dependencies['express']}`);
  const rooms = { gateway: /^undici$/, tracing: /^@opentelemetry\// };
  const used = Object.entries(rooms).filter(([room]) => room in ROOM_VARIABLES && DOORS.includes(room));
  const strange = Object.keys(others).filter((name) => !used.some(([, package_]) => package_.test(name)));
  expect(strange).toEqual([]);
  for (const name of Object.keys(others)) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(['pino', 'pino-pretty', 'prom-client']));
});

test('what only the service or a test needs is left out', () => {
  const all = { ...manifest.dependencies, ...manifest.peerDependencies };

  for (const name of ['@badrap/valita', 'ws', 'jest']) expect(all).not.toHaveProperty(name);
});
