// The engine as a package: what was compiled, and a package.json that comes of it and of the root's.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ROOM_VARIABLES } from '../src/lastcall/config/config.ts';
import { Folder } from './template/folder.ts';

const ROOT = resolve(import.meta.dirname, '..');
const ENGINE = join(ROOT, 'src/lastcall');
/** The older line of a package that is the user's own, and that the engine knows as well. */
const OLDER: Record<string, string> = { express: '^4.21.0' };
/** The pages that its README links to go with it. */
const PAGE = /\]\(\.\.\/\.\.\/docs\/([\w-]+\.md)/g;

interface Manifest {
  version: string;
  license: string;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
}

/** Of the package: a clone has another name, its engine has not. */
export const NAME = basename(ENGINE);
/** The folders of the engine that have a door. */
export const DOORS = readdirSync(ENGINE).filter((name) => existsSync(join(ENGINE, name, 'public.ts')));

/**
 * Compiles the engine and packs it.
 *
 * @param folder where the tarball goes
 * @returns its path
 * @throws Error if the engine does not compile, or imports what the root's package.json does not have
 */
export function packEngine(folder: string): string {
  const stage = mkdtempSync(join(tmpdir(), 'engine-'));
  try {
    compileEngine(join(stage, 'dist'));
    writeFileSync(
      join(stage, 'package.json'),
      `${JSON.stringify(manifestOf(join(stage, 'dist')), undefined, 2)}\n`,
    );
    copyFileSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'));
    writeReadme(stage);
    const args = ['pack', '--silent', '--pack-destination', resolve(folder)];
    const tarball = execFileSync('npm', args, { cwd: stage, encoding: 'utf8' }).trim();
    return resolve(folder, tarball);
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** Writes JavaScript and declarations into a folder. */
export function compileEngine(folder: string): void {
  const args = ['-p', join(ROOT, 'tsconfig.engine.json'), '--outDir', folder];
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

/**
 * What the engine needs in any service are dependencies, of the versions that it is tested with and their patches: it
 * relies on more of them than their documentation has. Express is the service's own, and so a peer. What only a room
 * needs is an optional peer: nobody has to install it for a room that is not in use, as npm would if it were an optional
 * dependency.
 */
function manifestOf(dist: string) {
  const { version, license, engines, dependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Manifest;
  const versionOf = (name: string) => {
    const known = dependencies[name];
    if (known === undefined) throw new Error(`the engine imports ${name}, which is no dependency`);
    return known;
  };
  const inRooms = (path: string) => Object.keys(ROOM_VARIABLES).some((room) => path.startsWith(`${room}/`));
  const always = importsOf(dist, (path) => !inRooms(path));
  const optional = importsOf(dist, inRooms).filter((name) => !always.includes(name));
  const peers = always.filter((name) => name in OLDER);
  return {
    name: NAME,
    version,
    description: 'Graceful shutdown, probes, metrics and log of a service on Kubernetes, for Express 4 and 5',
    license,
    type: 'module',
    engines,
    files: ['dist', 'docs'],
    exports: {
      '.': doorAt('package'),
      ...Object.fromEntries(DOORS.map((name) => [`./${name}`, doorAt(`${name}/public`)])),
    },
    dependencies: Object.fromEntries(
      always.filter((name) => !peers.includes(name)).map((name) => [name, `~${versionOf(name)}`]),
    ),
    peerDependencies: Object.fromEntries([
      ...peers.map((name) => [name, `${OLDER[name]} || ^${versionOf(name)}`]),
      ...optional.map((name) => [name, `^${versionOf(name)}`]),
    ]),
    peerDependenciesMeta: Object.fromEntries(optional.map((name) => [name, { optional: true }])),
  };
}

function doorAt(path: string) {
  return { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
}

/** The packages that the files import, types included. */
function importsOf(dist: string, wanted: (path: string) => boolean): string[] {
  const names = new Folder(dist)
    .files()
    .filter(wanted)
    .flatMap((path) => [
      ...readFileSync(join(dist, path), 'utf8').matchAll(
        /(?:\bfrom |\bimport\(|^import )'((?:@[\w-]+\/)?[\w.-]+)/gm,
      ),
    ])
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('.') && name !== 'node'); // Node's own are `node:fs`
  return [...new Set(names)].sort();
}

function writeReadme(stage: string): void {
  const readme = readFileSync(join(ENGINE, 'README.md'), 'utf8');
  mkdirSync(join(stage, 'docs'));
  for (const [, page = ''] of readme.matchAll(PAGE)) {
    copyFileSync(join(ROOT, 'docs', page), join(stage, 'docs', page));
  }
  writeFileSync(join(stage, 'README.md'), readme.replaceAll('](../../docs/', '](docs/'));
}
