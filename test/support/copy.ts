import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './workflows.ts';
import { JEST, type Said, Workplace } from './workplace.ts';

/** Why no copy can be made here; undefined if one can. */
export const OBSTACLE =
  spawnSync('git', ['ls-files', '--error-unmatch', 'package.json'], { cwd: ROOT }).status === 0
    ? undefined
    : 'git does not know which files are part of the repository';

/** The working tree as git has it or would take it, in a temporary folder, to do things to it that a clone does. */
export class Copy extends Workplace {
  constructor() {
    super(mkdtempSync(join(tmpdir(), 'copy-')));
    for (const file of ownFiles()) {
      mkdirSync(dirname(this.at(file)), { recursive: true });
      cpSync(join(ROOT, file), this.at(file));
    }
    symlinkSync(join(ROOT, 'node_modules'), this.at('node_modules'));
  }

  /** What the program says if it fails; nothing if it succeeds. */
  complaintsOf(program: string, ...args: string[]): string {
    return complaintsIn(this.run(program, ...args));
  }

  /** The same, beside others. */
  async complaints(program: string, ...args: string[]): Promise<string> {
    return complaintsIn(await this.start(program, ...args));
  }

  /** What fails of some tests. As everywhere, they are run on a build of the copy. */
  failuresOf(...jestArgs: string[]): string {
    return this.complaintsOf(process.execPath, ...JEST, ...jestArgs);
  }

  /** The same, beside others; not two at once, because each builds the copy. */
  async failures(...jestArgs: string[]): Promise<string> {
    return this.complaints(process.execPath, ...JEST, ...jestArgs);
  }
}

function complaintsIn({ code, stdout, stderr }: Said): string {
  return code === 0 ? '' : `exit code ${code}\n${stdout}\n${stderr}`;
}

/** Every file of the working tree that git has or would take. */
function ownFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return [...new Set(listed)].filter((file) => file !== '' && existsSync(join(ROOT, file)));
}
