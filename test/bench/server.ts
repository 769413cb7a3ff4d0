// A contestant as a process: its start, its numbers, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/ports.ts';
import type { Contestant } from './contestants.ts';
import { cpuSeconds, peakRssBytes, resetPeak, rssBytes } from './proc.ts';

const PRELOAD = fileURLToPath(new URL('preload.mjs', import.meta.url));
const START_TIMEOUT_MS = 20_000;
const KNOCK_TIMEOUT_MS = 2000;
const EXIT_TIMEOUT_MS = 60_000;
/** Of what a server has said, for the error that it ends in. */
const KEPT_OUTPUT = 4000;
const PROMETHEUS_ACCEPTS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

export interface Server {
  name: string;
  pid: number;
  port: number;
  /** From the spawn to the first 200. */
  startSeconds: number;
  cpuSeconds: () => number;
  rssBytes: () => number;
  peakRssBytes: () => number;
  resetPeak: () => void;
  /** Sends SIGTERM; resolves when the process has ended, with the time since, in seconds. */
  terminate: () => Promise<number>;
  /** The text of `GET path` as Prometheus asks for it, on the management port or, if it has none, on its only one. */
  operate: (path: string) => Promise<string>;
  /** What the preloaded module knows: preload.mjs. `undefined` if nothing can be preloaded, or was. */
  ask: (question: 'stall' | 'gc') => Promise<unknown>;
  kill: () => Promise<void>;
}

export interface ServerOptions {
  /** In front of its command: {@link Cores}. */
  pinned: string[];
  env?: Record<string, string>;
  /** Whether it can be asked, which only programs on Node can. */
  asked?: boolean;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts it and waits until it answers; its log goes into a pipe, and is read. */
export async function startServer(contestant: Contestant, options: ServerOptions): Promise<Server> {
  const [port = NaN, managementPort = NaN] = await freePorts(2);
  const { command, env, readiness } = contestant.command({ port, managementPort });
  const [executable = '', ...rest] = command;
  const isAsked = options.asked === true && executable === process.execPath;
  const preload = isAsked ? ['--import', PRELOAD] : [];
  const [program = '', ...args] = [...options.pinned, executable, ...preload, ...rest];
  const startedAt = performance.now();
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(isAsked ? (['ipc'] as const) : [])],
  });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return `it has ended with ${String(code ?? signal)}`;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      if (output.length < KEPT_OUTPUT) output += chunk.toString();
    });
  }
  const operationsPort = readiness.management ? managementPort : port;
  const startSeconds = await Promise.race([firstOk(operationsPort, readiness.path, startedAt), ended]);
  const { pid } = child;
  if (typeof startSeconds === 'string' || pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${contestant.name}: ${startSeconds}:\n${output}`);
  }

  const endWith = async (signal: NodeJS.Signals) => {
    const sentAt = performance.now();
    child.kill(signal);
    const timeout = new AbortController();
    const late = sleep(EXIT_TIMEOUT_MS, undefined, timeout).then(() => {
      throw new Error(`${contestant.name} is still there a minute after ${signal}`);
    });
    await Promise.race([ended, late]);
    timeout.abort();
    return (performance.now() - sentAt) / 1000;
  };
  return {
    name: contestant.name,
    pid,
    port,
    startSeconds,
    cpuSeconds: () => cpuSeconds(pid),
    rssBytes: () => rssBytes(pid),
    peakRssBytes: () => peakRssBytes(pid),
    resetPeak: () => resetPeak(pid),
    terminate: async () => endWith('SIGTERM'),
    operate: async (path) => {
      const headers = { Accept: PROMETHEUS_ACCEPTS };
      return (await fetch(`http://127.0.0.1:${operationsPort}${path}`, { headers })).text();
    },
    ask: async (question) => {
      if (!isAsked) return undefined;
      child.send(question);
      const [answer] = (await once(child, 'message')) as unknown[];
      return answer;
    },
    kill: async () => {
      if (running.has(child)) await endWith('SIGKILL');
    },
  };
}

/** Seconds from the start to the first 200, or in words that there was none. */
async function firstOk(port: number, path: string, startedAt: number): Promise<number | string> {
  let said = '';
  // Not by the clock alone: where a whole machine stands still, nobody is late.
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS;) {
    const knockedAt = performance.now();
    said = await knock(port, path);
    if (said === '200') return (performance.now() - startedAt) / 1000;
    await sleep(1);
    waitedMs += Math.min(KNOCK_TIMEOUT_MS, performance.now() - knockedAt);
  }
  return `not ready in time, the last answer to ${path} is ${said}`;
}

/** The status of the answer, or why there is none. */
async function knock(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const to = { host: '127.0.0.1', port, path, agent: false, timeout: KNOCK_TIMEOUT_MS };
    const request = get(to, (res) => {
      res.resume();
      resolve(String(res.statusCode));
    });
    request.on('error', (error) => resolve(error.message));
    request.on('timeout', () => request.destroy(new Error('no answer')));
  });
}
