import { join } from 'node:path';
import type { Origin } from './answers.ts';
import { ask, git, GitError } from './git.ts';
import { Refusal } from './repository.ts';

/** A commit of the template. */
export interface Version {
  commit: string;
  tree: string;
  /** Its tag, or whatever it was asked for by. */
  name: string;
}

const RELEASE = /^v(\d+)\.(\d+)\.(\d+)$/;

/** The repository of the template, as a copy without a working tree. */
export class Source {
  readonly gitDir: string;

  /**
   * @param from a URL, or a path from `root`
   * @throws Refusal if it can't be fetched
   */
  constructor(from: string, root: string, folder: string) {
    this.gitDir = join(folder, 'template.git');
    try {
      git(root, ['clone', '--bare', '--quiet', '--', from, this.gitDir]);
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      throw new Refusal(`the template can't be fetched from ${from}:\n${error.message}`, { cause: error });
    }
  }

  /** The releases, the newest first. */
  releases(): Version[] {
    const tags = git(this.gitDir, ['tag', '--list']).stdout.split('\n');
    const parts = (tag: string) => (RELEASE.exec(tag) ?? []).slice(1).map(Number);
    return tags
      .filter((tag) => RELEASE.test(tag))
      .toSorted(
        (a, b) =>
          parts(b)
            .map((n, i) => n - (parts(a)[i] ?? 0))
            .find((n) => n !== 0) ?? 0,
      )
      .map((tag) => this.#version(tag, `refs/tags/${tag}`));
  }

  /** A tag, a branch or a commit; without `ref` the newest release. @throws Refusal if there is none */
  find(ref: string | undefined): Version {
    if (ref === undefined) {
      const [newest] = this.releases();
      if (newest === undefined)
        throw new Refusal('the template has no release, such as v1.2.3: --ref main takes a branch');
      return newest;
    }
    for (const full of [`refs/tags/${ref}`, `refs/heads/${ref}`, ref]) {
      const found = git(this.gitDir, ['rev-parse', '--quiet', '--verify', `${full}^{commit}`], {
        expected: [0, 1, 128],
      });
      if (found.code === 0) return this.#version(ref, full);
    }
    throw new Refusal(`the template has no tag, branch or commit ${ref}`);
  }

  /**
   * The version that a project was made of or has been updated to.
   *
   * @throws Refusal if the template does not have it (any more)
   */
  origin({ commit, tree, version }: Origin): Version {
    const all = git(this.gitDir, ['log', '--all', '--format=%H %T']).stdout.split('\n');
    const found =
      all.find((line) => line === `${commit} ${tree}`) ?? all.find((line) => line.endsWith(` ${tree}`));
    if (found === undefined) {
      throw new Refusal(
        `the template has no commit ${commit} (version ${version}, tree ${tree}), which .template.json names`,
      );
    }
    return { commit: found.slice(0, found.indexOf(' ')), tree, name: `v${version}` };
  }

  /** Commits that `to` has and `from` has not. */
  distance(from: Version, to: Version): number {
    return Number(ask(this.gitDir, 'rev-list', '--count', `${from.commit}..${to.commit}`));
  }

  #version(name: string, ref: string): Version {
    return {
      name,
      commit: ask(this.gitDir, 'rev-parse', `${ref}^{commit}`),
      tree: ask(this.gitDir, 'rev-parse', `${ref}^{tree}`),
    };
  }
}
