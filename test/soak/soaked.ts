// A service under soak, as a process: where it listens, its vital signs, what it complained about, how it ended.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { rssBytes } from '../bench/proc.ts';
import { QUICK } from '../harness/environment.ts';
import { type LogLine, LogLines } from '../harness/log-lines.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url));
/** Lines of level warn and above, and what is no JSON. */
const COMPLAINT = /"level":"(?:warn|error|fatal)"|^[^{]/;
const KEPT = new RegExp(`"event":"(?:listening|shutdown)"|${COMPLAINT.source}`);

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

export interface SoakedProcess {
  /** By listener: `http`, `https`, `management`. */
  url: (listener: string) => Promise<string>;
  vitals: () => Promise<Vitals>;
  /** Lines of level warn and above. */
  complaints: LogLine[];
  /** SIGTERM; resolves when the process has ended. */
  terminate: () => Promise<{ code: number | null; report: Report | undefined }>;
  kill: () => void;
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
  const log = new LogLines();
  const complaints: LogLine[] = [];
  const said = createInterface({ input: child.stdout ?? process.stdin }).on('line', (text) => {
    // A line for each request of half an hour would not fit into memory.
    if (!KEPT.test(text)) return;
    log.write(text);
    const line = log.lines.at(-1);
    if (line !== undefined && COMPLAINT.test(text)) complaints.push(line);
  });
  const ended = Promise.all([once(child, 'exit'), once(said, 'close')]).then(([[code]]) => {
    log.end(() => `it has ended with ${String(code)}`);
    return code as number | null;
  });
  return {
    url: async (listener) => {
      const { port } = await log.line({ event: 'listening', listener });
      return `${listener === 'https' ? 'https' : 'http'}://127.0.0.1:${String(port)}`;
    },
    vitals: async () => {
      const { pid = NaN } = child;
      const answered = once(child, 'message') as Promise<[Omit<Vitals, 'rssBytes' | 'descriptors'>]>;
      child.send('vitals');
      const answer = await Promise.race([answered, ended]);
      if (!Array.isArray(answer)) throw new Error(`the service has ended with ${String(answer)}`);
      const [inside] = answer;
      return { ...inside, rssBytes: rssBytes(pid), descriptors: readdirSync(`/proc/${pid}/fd`).length };
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
