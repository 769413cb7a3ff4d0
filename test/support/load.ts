// test/e2e/load.mjs as a process: the load of a rollout, and its verdict.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOAD = fileURLToPath(new URL('../e2e/load.mjs', import.meta.url));
/** Of the fixture, and of the servers that are planted here. */
const PATHS = fileURLToPath(new URL('../fixture/paths.json', import.meta.url));

interface Verdict {
  verdict: string;
  passed: boolean;
  sent: number;
  ok: number;
  lost: number;
  byCause: Record<string, number>;
  byKind: Record<string, number>;
  byPod: Record<string, number>;
  firstLosses: {
    at: number;
    kind: string;
    cause: string;
    detail: unknown;
    ms: number;
    reused: boolean;
    pod?: string;
  }[];
  latencyMs: { p50: number; p99: number; max: number };
}

/** Runs the load generator, until it ends by itself or `until` resolves; `verdict` rejects if it ends without one. */
export function load(url: string, args: string[], until?: Promise<unknown>) {
  const child = spawn(process.execPath, [LOAD, url, '--slow', '100', '--paths', PATHS, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, 'close');
  const steady = (async () => {
    while (!stderr.includes('steady')) await once(child.stderr, 'data');
  })();
  void until?.then(() => child.kill('SIGTERM'));
  const ended = closed.then(([code]: unknown[]) => ({ code, stdout, stderr }));
  const verdict = async () => {
    const { code } = await ended;
    if (stdout === '') throw new Error(`no verdict: ${stderr}`);
    return { code, ...(JSON.parse(stdout) as Verdict) };
  };
  return { steady, ended, verdict };
}
