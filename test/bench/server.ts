// A contestant as a process: its start, its numbers, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from './contestants.ts';
import { cpuSeconds, peakRssBytes, resetPeak, rssBytes } from './proc.ts';

const START_TIMEOUT_MS = 20_000;
const EXIT_TIMEOUT_MS = 60_000;
/** Of what a server has said, for the error that it ends in. */
const KEPT_OUTPUT = 4000;

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
  /** Of `GET path` on the management port or, if it has none, on its only one. */
  operate: (path: string) => Promise<string>;
  /** To a preloaded module, and its answer. */
  ask: (message: string) => Promise<unknown>;
  kill: () => Promise<void>;
}

export interface ServerOptions {
  /** In front of its command: {@link Cores}. */
  pinned: string[];
  env?: Record<string, string>;
  /** A module that is loaded first, and can be asked. */
  preload?: string;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts it and waits until it answers; its log goes into a pipe, and is read. */
export async function startServer(contestant: Contestant, options: ServerOptions): Promise<Server> {
  const [port, managementPort] = [await freePort(), await freePort()];
  const { command, env, readiness } = contestant.command({ port, managementPort });
  const [program = '', ...args] = [...options.pinned, ...preloading(command, options.preload)];
  const startedAt = performance.now();
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', ...(options.preload === undefined ? [] : (['ipc'] as const))],
  });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return `${contestant.name} has ended with ${String(code ?? signal)}`;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      if (output.length < KEPT_OUTPUT) output += chunk.toString();
    });
  }
  const operationsPort = readiness.management ? managementPort : port;
  const ready = (async () => {
    while (!(await isOk(operationsPort, readiness.path))) {
      if (performance.now() - startedAt > START_TIMEOUT_MS) throw new Error(`not ready in time:\n${output}`);
      await sleep(1);
    }
    return (performance.now() - startedAt) / 1000;
  })();
  const startSeconds = await Promise.race([ready, ended]);
  const { pid } = child;
  if (typeof startSeconds === 'string' || pid === undefined) throw new Error(`${startSeconds}:\n${output}`);

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
    operate: async (path) => (await fetch(`http://127.0.0.1:${operationsPort}${path}`)).text(),
    ask: async (message) => {
      child.send(message);
      const [answer] = (await once(child, 'message')) as unknown[];
      return answer;
    },
    kill: async () => {
      if (running.has(child)) await endWith('SIGKILL');
    },
  };
}

function preloading([program = '', ...args]: string[], module: string | undefined): string[] {
  return module === undefined ? [program, ...args] : [program, '--import', module, ...args];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}
