import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { fifo } from './fifo.ts';

/** One line of the service's log. */
export type LogLine = Record<string, unknown> & { event?: string; msg: string };

export interface ServiceProcess {
  pid: number;
  /** Base URLs, known once the listener is open. */
  url: Promise<string>;
  management: Promise<string>;
  /** Everything logged so far. */
  lines: LogLine[];
  /** The first (or nth) line, past or future, that has these fields; rejects when the process ends without it. */
  line: (fields: Record<string, unknown>, nth?: number) => Promise<LogLine>;
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
const DIST = process.env['DIST'] ?? 'dist/';

/** Short phases, so that a test waits for nothing that it is not about. */
export const QUICK = {
  PORT: '0',
  MANAGEMENT_PORT: '0',
  SHUTDOWN_WINDOW: '100ms',
  SHUTDOWN_QUIET_PERIOD: '0',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '50ms',
  SHUTDOWN_SCRAPE_WAIT: '0',
};

const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

export interface StartOptions {
  entry?: string;
  /** A command in front of it. */
  wrap?: string[];
  /** What stdout is: Node makes sockets for its children, container runtimes make pipes. */
  stdout?: 'socket' | 'pipe';
}

/** Starts the built service (or another entry) as a process of its own, with nothing in its environment but `env`. */
export function startService(
  env: Record<string, string> = {},
  { entry = `${DIST}main.js`, wrap = [], stdout = 'socket' }: StartOptions = {},
): ServiceProcess {
  const [command, ...args] = [...wrap, NODE, entry];
  const options = { cwd: ROOT, env: { PATH: process.env['PATH'], DIST, ...QUICK, ...env } };
  if (stdout === 'socket') {
    return follow(spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
  }
  const { writeEnd, readEnd } = fifo();
  const child = spawn(command, args, { ...options, stdio: ['ignore', writeEnd, 'pipe'] });
  closeSync(writeEnd);
  child.stdout = new Socket({ fd: readEnd, writable: false });
  return follow(child as ChildProcessByStdio<null, Readable, Readable>);
}

/** The service that this process is, or that it runs in the foreground. It ends with the test. */
export function follow(child: ChildProcessByStdio<null, Readable, Readable>): ServiceProcess {
  children.add(child);
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(parse(text));
    for (const look of waiting) look();
  });
  const exited = once(child, 'exit').then(([code]: unknown[]) => code as number | null);
  exited.catch(() => undefined); // `ended` says it, too
  // A stream that is none of the child's own is not waited for by its `close`.
  const closed = Promise.all([once(child, 'close'), once(child.stdout, 'close')]);
  const ended = closed.then(([[code, signal]]) => {
    children.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  });

  const line = async (fields: Record<string, unknown>, nth = 1): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const matches = (entry: LogLine) =>
          Object.entries(fields).every(([name, value]) => entry[name] === value);
        const found = lines.filter(matches)[nth - 1];
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      const giveUp = async () => {
        await ended;
        look();
        reject(new Error(`ended without ${JSON.stringify(fields)}:\n${stdout}${stderr}`));
      };
      void giveUp();
    });
  const urlOf = async (listener: string) => {
    const { port } = await line({ event: 'listening', listener });
    return `http://127.0.0.1:${String(port)}`;
  };

  const url = urlOf('http');
  const management = urlOf('management');
  for (const promise of [url, management]) promise.catch(() => undefined); // a test may expect no listener
  return {
    pid: child.pid ?? 0,
    url,
    management,
    lines,
    line,
    kill: (signal) => child.kill(signal),
    stdout: child.stdout,
    closeStdout: () => child.stdout.destroy(),
    exited,
    ended,
  };
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}
