// A service under soak, as a process, and its vital signs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { rssBytes } from '../bench/proc.ts';
import { QUICK } from '../harness/environment.ts';
import { attend, type Attended } from '../support/attended.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url));

/** What must not grow while the load stays as it is. */
export interface Vitals {
  /** After a garbage collection, with what lies outside of the heap. */
  heapBytes: number;
  rssBytes: number;
  descriptors: number;
  timers: number;
  /** Event listeners of the process, its outputs and its servers. */
  listeners: number;
}

export interface SoakedProcess extends Attended {
  vitals: () => Promise<Vitals>;
}

/** Of the window of a Deployment, as much as the clients need to leave. */
const SHUTDOWN = { SHUTDOWN_WINDOW: '5s', SHUTDOWN_WINDOW_MAX: '10s', SHUTDOWN_QUIET_PERIOD: '1s' };

/**
 * @param entry from the root
 * @param preloads modules that are loaded before it, beside the one that reads its vital signs
 */
export function startSoaked(
  entry: string,
  env: Record<string, string> = {},
  preloads: string[] = [],
): SoakedProcess {
  const child = fork(entry, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...QUICK, ...SHUTDOWN, ...env },
    execArgv: [
      '--disable-warning=ExperimentalWarning', // v8.queryObjects
      ...[PRELOAD, ...preloads].flatMap((module) => ['--import', module]),
    ],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const attended = attend(child as typeof child & { stdout: Readable });
  return {
    ...attended,
    vitals: async () => {
      const { pid = NaN } = child;
      const answered = once(child, 'message') as Promise<[Omit<Vitals, 'rssBytes' | 'descriptors'>]>;
      child.send('vitals');
      const answer = await Promise.race([answered, attended.ended]);
      if (!Array.isArray(answer)) throw new Error(`the service has ended with ${String(answer)}`);
      const [inside] = answer;
      return { ...inside, rssBytes: rssBytes(pid), descriptors: readdirSync(`/proc/${pid}/fd`).length };
    },
  };
}
