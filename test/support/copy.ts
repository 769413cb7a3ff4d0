import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './workflows.ts';

const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--coverage=false',
  '--silent',
];

/** Why no copy can be made here; undefined if one can. */
export const OBSTACLE =
  spawnSync('git', ['ls-files', '--error-unmatch', 'package.json'], { cwd: ROOT }).status === 0
    ? undefined
    : 'git does not know which files are part of the repository';

/** The working tree as git has it or would take it, in a temporary folder, to do things to it that a clone does. */
export class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), 'copy-'));

  constructor() {
    for (const file of ownFiles()) {
      mkdirSync(dirname(this.at(file)), { recursive: true });
      cpSync(join(ROOT, file), this.at(file));
    }
    symlinkSync(join(ROOT, 'node_modules'), this.at('node_modules'));
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** A file or a whole folder. */
  delete(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }

  /** All files that it has now, by their paths in it. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter((path) => !/^(?:node_modules|dist)\//.test(path));
  }

  /** What the program says if it fails; nothing if it succeeds. */
  complaintsOf(program: string, ...args: string[]): string {
    const path = `${this.at('node_modules/.bin')}:${process.env['PATH']}`;
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.folder,
      env: { ...process.env, PATH: path },
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    return status === 0 ? '' : `exit code ${status}\n${stdout}\n${stderr}`;
  }

  /** What fails of some tests. As everywhere, they are run on a build of the copy. */
  failuresOf(...jestArgs: string[]): string {
    return this.complaintsOf(process.execPath, ...JEST, ...jestArgs);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Every file of the working tree that git has or would take. */
function ownFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return [...new Set(listed)].filter((file) => file !== '' && existsSync(join(ROOT, file)));
}
