// The built service as a process of its own. See README.md.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { QUICK } from './environment.ts';
import { fifo } from './fifo.ts';
import { type LogLine, LogLines, urlOf, type Wanted } from './log-lines.ts';
import { own } from './own.ts';

export interface ServiceProcess {
  pid: number;
  /** Base URLs, known once the listener is open. */
  url: Promise<string>;
  management: Promise<string>;
  /** Everything logged so far. */
  lines: LogLine[];
  /** The first (or nth) line, past or future, that is wanted; rejects when the process ends without it. */
  line: (wanted: Wanted, nth?: number) => Promise<LogLine>;
  kill: (signal: NodeJS.Signals) => void;
  /** The log as it comes: to be paused by a test whose reader has stopped. */
  stdout: Readable;
  /** The reader of the log goes away. */
  closeStdout: () => void;
  /** Without waiting for what is left to be read. */
  exited: Promise<number | null>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** `npm run test:matrix` runs the tests, and with them the service, on other lines of Node. */
const NODE = process.execPath;
/** The build under test, from the root: the mutation check has others. */
export const DIST = process.env['DIST'] ?? 'dist/';
/** Where the processes leave what they have covered, if `npm run test:coverage` asks. */
const COVERAGE = process.env['SERVICE_COVERAGE'];
const TOLD_LINES = 20;

export interface StartOptions {
  /** Path from the root; the fixture unless it is said. */
  entry?: string;
  /** A command in front of it. */
  wrap?: string[];
  /** What stdout is: Node makes sockets for its children, container runtimes make pipes. */
  stdout?: 'socket' | 'pipe';
  /** `env` is all of the environment. */
  bare?: boolean;
}

/** Starts the fixture on the built engine (or another entry), with environment.ts and `env` in its environment and nothing else. */
export function startService(
  env: Record<string, string> = {},
  { entry = 'test/fixture/main.mjs', wrap = [], stdout = 'socket', bare = false }: StartOptions = {},
): ServiceProcess {
  const [command, ...args] = [...wrap, NODE, bundleOf(entry)];
  const coverage = COVERAGE !== undefined && { NODE_V8_COVERAGE: COVERAGE };
  const ofTests = bare ? {} : { PATH: process.env['PATH'], DIST, ...QUICK };
  const options = { cwd: ROOT, env: { ...coverage, ...ofTests, ...env } };
  if (stdout === 'socket') {
    return follow(spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
  }
  const { writeEnd, readEnd } = fifo();
  const child = spawn(command, args, { ...options, stdio: ['ignore', writeEnd, 'pipe'] });
  closeSync(writeEnd);
  child.stdout = new Socket({ fd: readEnd, writable: false });
  return follow(child as ChildProcessByStdio<null, Readable, Readable>);
}

/** The entry with all that it loads, where test/fixture/bundle.mjs has made one; coverage is of the files themselves. */
function bundleOf(entry: string): string {
  const bundle = `${DIST.replace(/\/$/, '-bundles/')}${entry.replaceAll('/', '-')}`;
  return COVERAGE === undefined && existsSync(`${ROOT}${bundle}`) ? bundle : entry;
}

/** The service that this process is, or that it runs in the foreground. It ends with the test. */
export function follow(child: ChildProcessByStdio<null, Readable, Readable>): ServiceProcess {
  const log = new LogLines();
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => log.write(text));
  const exited = once(child, 'exit').then(([code]: unknown[]) => code as number | null);
  exited.catch(() => undefined); // `ended` says it, too
  // A stream that is none of the child's own is not waited for by its `close`.
  const closed = Promise.all([once(child, 'close'), once(child.stdout, 'close')]);
  const ended = closed.then(([[code, signal]]) => {
    log.end(() => stdout + stderr);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });
  ended.catch((error: unknown) => log.end(() => String(error))); // it could not be started
  own(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      child.kill('SIGKILL');
      await exited;
    },
    () => `${stdout.split('\n').slice(-TOLD_LINES).join('\n')}${stderr}`,
  );

  const url = urlOf(log, 'http');
  const management = urlOf(log, 'management');
  for (const promise of [url, management]) promise.catch(() => undefined); // a test may expect no listener
  return {
    pid: child.pid ?? 0,
    url,
    management,
    lines: log.lines,
    line: async (wanted, nth) => log.line(wanted, nth),
    kill: (signal) => child.kill(signal),
    stdout: child.stdout,
    closeStdout: () => child.stdout.destroy(),
    exited,
    ended,
  };
}
