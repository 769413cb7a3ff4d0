import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Folder } from '../../scripts/template/folder.ts';
import { Copy } from './copy.ts';
import { ROOT } from './workflows.ts';

/** What a program said and how it ended. */
export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A repository in a temporary folder, with the packages of this one. */
export class GitFolder extends Folder {
  /** @throws Error with what git said if it failed */
  git(...args: string[]): string {
    const { code, stdout, stderr } = this.run('git', ...args);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  }

  /** Commits all that is there. */
  commit(message: string): void {
    this.git('add', '--all');
    this.git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '-m', message);
  }

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

  npm(script: string, ...args: string[]): Said {
    return this.run('npm', 'run', '--silent', script, '--', ...args);
  }

  /** Changes a file by a text that has to be there. */
  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    this.write(
      path,
      text.replaceAll(from, () => to),
    );
  }

  /** What git sees of it: the commit, and what is not committed. */
  state(): string {
    return `${this.git('rev-parse', 'HEAD')}\n${this.git('status', '--porcelain')}\n${this.git('for-each-ref')}`;
  }

  #options() {
    const env = { ...process.env, PATH: `${this.at('node_modules/.bin')}:${process.env['PATH']}` };
    return { cwd: this.folder, env, encoding: 'utf8', maxBuffer: 1e8 } as const;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** The working tree of the template as its release v0.1.0. */
export function templateRepository(): GitFolder {
  const template = new GitFolder(new Copy().folder);
  template.git('init', '--quiet', '--initial-branch=main');
  template.commit('The template');
  template.git('tag', 'v0.1.0');
  return template;
}

/** A clone as `git clone` makes it, of the template or of a project. */
export function cloneOf(template: GitFolder): GitFolder {
  const folder = mkdtempSync(join(tmpdir(), 'clone-'));
  const clone = new GitFolder(join(folder, 'service'));
  template.git('clone', '--quiet', template.folder, clone.folder);
  symlinkSync(join(ROOT, 'node_modules'), clone.at('node_modules'));
  return clone;
}

/** A clone that `npm run init` has made a service of, and which was committed. @throws Error with what it said if it failed */
export function projectOf(template: GitFolder, ...answers: string[]): GitFolder {
  const clone = cloneOf(template);
  const { code, stderr } = clone.npm('init', ...answers);
  if (code !== 0 || stderr !== '') throw new Error(`exit code ${code}: ${stderr}`);
  clone.commit('Start a service');
  return clone;
}
