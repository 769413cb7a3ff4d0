import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Copy } from './copy.ts';
import { ROOT } from './workflows.ts';
import { type Said, Workplace } from './workplace.ts';

/** A repository in a temporary folder, with the packages of this one. */
export class GitFolder extends Workplace {
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

  /** Files that the last commit has written. */
  changed(): string[] {
    return this.git('diff', '--name-only', '--diff-filter=d', 'HEAD~1').split('\n');
  }

  /** What git sees of it: the commit, and what is not committed. */
  state(): string {
    return `${this.git('rev-parse', 'HEAD')}\n${this.git('status', '--porcelain')}\n${this.git('for-each-ref')}`;
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
