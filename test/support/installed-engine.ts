import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { packEngine } from '../../scripts/engine-package.ts';

/** Somebody else's project, in which the engine is a package. */
export interface Project {
  folder: string;
  write: (path: string, text: string) => void;
  /** Compiles it with `tsc`, strictly; what that says, nothing if all is well. JavaScript is in `out/`. */
  compile: () => string;
  remove: () => void;
}

const TSCONFIG = {
  strict: true,
  module: 'nodenext',
  target: 'es2022',
  types: ['node'],
  rootDir: '.',
  outDir: 'out',
};
/** The oldest types of Node that the engine is made for. */
const TYPES = '@types/node@20';

/**
 * Packs the engine and installs it into a project of its own, with other packages.
 *
 * @param packages such as `express@5.3.0`; they come from the registry
 * @param compilerOptions beside those of a strict project
 */
export function projectWith(packages: string[], compilerOptions: object = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), 'project-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', JSON.stringify({ name: 'their-service', version: '3.2.1', type: 'module' }));
  write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { ...TSCONFIG, ...compilerOptions }, include: ['*.ts'] }),
  );
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  execFileSync('npm', ['install', ...flags, packEngine(folder), TYPES, ...packages], { cwd: folder });
  return {
    folder,
    write,
    compile: () => spawnSync(resolve('node_modules/.bin/tsc'), { cwd: folder, encoding: 'utf8' }).stdout,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The code blocks of a language in a page. */
export function codeOf(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, code = '']) => code);
}
