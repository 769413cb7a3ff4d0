import { execFile, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Folder } from '../../scripts/template/folder.ts';

/** What a program said and how it ended. */
export interface Said {
  /** null if a signal ended it, or if it could not be started. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs tests in the folder that is the working directory; behind it, which. */
export const JEST = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--coverage=false',
  '--silent',
];

/** A temporary folder in which programs are run, those of its packages by their names. */
export class Workplace extends Folder {
  run(program: string, ...args: string[]): Said {
    const { status, stdout, stderr } = spawnSync(program, args, this.#options());
    return { code: status, stdout, stderr };
  }

  /** The same, beside others. */
  async start(program: string, ...args: string[]): Promise<Said> {
    return new Promise((resolve) => {
      execFile(program, args, this.#options(), (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ code: typeof code === 'number' ? code : null, stdout, stderr });
      });
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #options() {
    const env = { ...process.env, PATH: `${this.at('node_modules/.bin')}:${process.env['PATH']}` };
    return { cwd: this.folder, env, encoding: 'utf8', maxBuffer: 1e8 } as const;
  }
}
