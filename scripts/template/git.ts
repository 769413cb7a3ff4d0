import { spawnSync } from 'node:child_process';

/** What git said when it could not do something. */
export class GitError extends Error {
  override readonly name = 'GitError';
}

interface Options {
  /** Added to the environment. */
  env?: Record<string, string>;
  input?: string;
  /** Exit codes that are an answer, not a failure. */
  expected?: number[];
}

export interface GitAnswer {
  stdout: string;
  code: number;
}

/** @throws GitError with the command and what git said of it */
export function git(folder: string, args: string[], { env, input, expected = [0] }: Options = {}): GitAnswer {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...env },
    input,
    maxBuffer: 2 ** 30,
  });
  if (error !== undefined) throw new GitError(`git could not be run: ${error.message}`);
  if (status === null || !expected.includes(status)) {
    throw new GitError(`git ${args.join(' ')}: ${(stderr || stdout).trim()}`);
  }
  return { stdout, code: status };
}

/** A single value that git tells. @throws GitError */
export function ask(folder: string, ...args: string[]): string {
  return git(folder, args).stdout.trim();
}
