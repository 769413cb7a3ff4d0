import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Folder } from './folder.ts';
import { ask, git, GitError } from './git.ts';

/** What stands in the way of a command, in a sentence for whoever called it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export interface Named {
  name: string;
  tree: string;
}

/** A version of a path that is in conflict: `1` is the base, `2` ours, `3` theirs. */
export interface Stage {
  mode: string;
  object: string;
  stage: string;
  path: string;
}

export interface Merged {
  /** With marks in the files that are in conflict. */
  tree: string;
  stages: Stage[];
}

/** A repository of git with a working tree, which is changed as a whole or not at all. */
export class Repository {
  readonly root: string;
  readonly #gitDir: string;

  /** @throws Refusal if the folder is no repository, or not the top of it */
  constructor(folder: string) {
    try {
      this.root = ask(folder, 'rev-parse', '--show-toplevel');
      this.#gitDir = ask(folder, 'rev-parse', '--absolute-git-dir');
      ask(folder, 'rev-parse', '--verify', 'HEAD');
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      throw new Refusal(
        'there is no commit here to begin with: git init, git add --all, git commit -m "Start from the template"',
        { cause: error },
      );
    }
  }

  /** @throws Refusal if something is not committed, which could be lost */
  refuseDirtyTree(): void {
    const lines = git(this.root, ['status', '--porcelain']).stdout.trimEnd();
    if (lines !== '')
      throw new Refusal(`the working tree has changes, commit or stash them first:\n${lines}`);
  }

  /** The tree that comes of HEAD's when `work` has changed its files, in a temporary folder. */
  async treeAfter(work: (folder: Folder) => Promise<void>): Promise<string> {
    return withFolder(async (path) => {
      this.exportTree('HEAD', path);
      await work(new Folder(path));
      return this.treeOf(path);
    });
  }

  /** Writes all files of a tree into a folder. */
  exportTree(tree: string, folder: string): void {
    exportTree(this.#gitDir, tree, folder);
  }

  /** A tree of all files in a folder that .gitignore does not name. Nothing but the store of objects gets it. */
  treeOf(folder: string): string {
    const env = { GIT_DIR: this.#gitDir, GIT_WORK_TREE: folder, GIT_INDEX_FILE: `${folder}.index` };
    try {
      git(folder, ['-c', 'core.autocrlf=false', 'add', '--all'], { env });
      return git(folder, ['write-tree'], { env }).stdout.trim();
    } finally {
      rmSync(env.GIT_INDEX_FILE, { force: true });
    }
  }

  /**
   * Puts a tree in the place of HEAD's, into the index and the working tree; git refuses before it touches anything if
   * a file of the user's is in the way.
   */
  checkOut(tree: string): void {
    git(this.root, ['read-tree', '-m', '-u', 'HEAD', tree]);
  }

  /** Makes conflicts of paths, with all of their versions, as a merge of git leaves them. */
  markConflicts(entries: Stage[]): void {
    const paths = [...new Set(entries.map(({ path }) => path))];
    const lines = [
      ...paths.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`),
      ...entries.map(({ mode, object, stage, path }) => `${mode} ${object} ${stage}\t${path}\0`),
    ];
    git(this.root, ['update-index', '-z', '--index-info'], { input: lines.join('') });
  }

  /**
   * Merges two trees by git. The names are those that its marks of conflicts have.
   *
   * @throws GitError if git is older than 2.38
   */
  merge(base: string, ours: Named, theirs: Named): Merged {
    const root = this.#commit(base, 'base');
    const refs = [ours, theirs].map(({ name, tree }) => ({ ref: `refs/template/${name}`, tree }));
    try {
      for (const { ref, tree } of refs) git(this.root, ['update-ref', ref, this.#commit(tree, ref, root)]);
      const names = refs.map(({ ref }) => ref.slice('refs/'.length));
      const flags = [
        '-c',
        'merge.directoryRenames=false',
        'merge-tree',
        '--write-tree',
        '-z',
        '--no-messages',
      ];
      const { stdout } = git(this.root, [...flags, ...names], { expected: [0, 1] });
      const [tree = '', ...lines] = stdout.split('\0');
      const stages = lines
        .filter((line) => line !== '')
        .map((line) => {
          const [, mode = '', object = '', stage = '', path = ''] =
            /^(\d+) (\w+) (\d)\t([^]*)$/.exec(line) ?? [];
          return { mode, object, stage, path };
        });
      return { tree, stages };
    } finally {
      for (const { ref } of refs) git(this.root, ['update-ref', '-d', ref]);
    }
  }

  /** What `checkOut` would change, as a diff. */
  diff(tree: string, ...options: string[]): string {
    return git(this.root, ['diff', ...options, 'HEAD', tree]).stdout;
  }

  /** A commit that nothing points to. */
  #commit(tree: string, message: string, ...parents: string[]): string {
    const who = { NAME: 'template', EMAIL: 'template@localhost', DATE: '2000-01-01T00:00:00Z' };
    const env = Object.fromEntries(
      Object.entries(who).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    );
    const args = ['commit-tree', tree, '-m', message, ...parents.flatMap((parent) => ['-p', parent])];
    return git(this.root, args, { env }).stdout.trim();
  }
}

/** Writes all files of a tree into a folder. */
export function exportTree(gitDir: string, tree: string, folder: string): void {
  const env = { GIT_DIR: gitDir, GIT_WORK_TREE: folder, GIT_INDEX_FILE: `${folder}.index` };
  try {
    git(folder, ['read-tree', tree], { env });
    git(folder, ['-c', 'core.autocrlf=false', 'checkout-index', '--all'], { env });
  } finally {
    rmSync(env.GIT_INDEX_FILE, { force: true });
  }
}

/** Calls `work` with a temporary folder, which is gone when its promise is settled. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const outer = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    const folder = join(outer, 'files'); // its index stands beside it
    mkdirSync(folder);
    return await work(folder);
  } finally {
    rmSync(outer, { recursive: true, force: true });
  }
}
