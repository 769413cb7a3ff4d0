// The service that is fuzzed, as a process: where it listens, what it complains about, how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { QUICK } from '../harness/environment.ts';
import { LogLines } from '../harness/log-lines.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Fuzzed {
  url: (listener: string) => Promise<string>;
  /** What it has said that is no line of everyday. */
  complaints: string[];
  /** SIGTERM; resolves when the process has ended. */
  terminate: () => Promise<{ code: number | null; report: Report | undefined }>;
  kill: () => void;
}

/** @param preloads modules that are loaded before it */
export function startFuzzed(env: Record<string, string>, preloads: string[]): Fuzzed {
  const imports = preloads.flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, 'test/fixture/main.mjs'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], DIST: 'dist/', ...QUICK, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new LogLines();
  const complaints: string[] = [];
  const said = createInterface({ input: child.stdout }).on('line', (line) => {
    // A line for each request of an hour would not fit into memory.
    if (/"event":"(?:listening|shutdown)"/.test(line)) log.write(line);
    else if (!/"level":"(?:debug|info)"/.test(line)) complaints.push(line);
  });
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const ended = Promise.all([once(child, 'exit'), once(said, 'close')]).then(([[code]]) => {
    log.end(() => `it has ended with ${String(code)}`);
    return code as number | null;
  });
  return {
    url: async (listener) => {
      const { port } = await log.line({ event: 'listening', listener });
      return `${listener === 'https' ? 'https' : 'http'}://127.0.0.1:${String(port)}`;
    },
    complaints,
    terminate: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      const report = log.lines.find(({ event }) => event === 'shutdown') as unknown as Report | undefined;
      return { code, report };
    },
    kill: () => child.kill('SIGKILL'),
  };
}
