// What connections cost that wait for nothing: their memory after one request each, and how long they keep a process
// that is told to go.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BASELINE, type Contestant } from '../contestants.ts';
import type { Measure } from '../measure.ts';
import type { Family, Row } from '../results.ts';
import type { Server } from '../server.ts';

/** So many are opened at a time, less than any backlog. */
const BATCH = 100;
const WARM_UP_REQUESTS = 3000;
/** A process is at rest when its memory has changed by less than this part in a second. */
const REST = { part: 0.002, ms: 1000, mostMs: 8000 };
/** What is waited for on purpose, and is taken off: a phase that nothing needs, and the idle time of each connection. */
const MIN_IDLE_SECONDS = 0.3;
const ENV = {
  SHUTDOWN_WINDOW: '0',
  SHUTDOWN_WINDOW_MAX: '0',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: `${MIN_IDLE_SECONDS * 1000}ms`,
};

export interface IdleOptions {
  family: Family;
  connections: number;
  contestants: Contestant[];
}

export function idle({ connections, ...own }: IdleOptions): Measure {
  const name = `idle-${connections}`;
  return {
    ...own,
    name,
    group: 'idle',
    baseline: BASELINE,
    most: 5,
    rows: rowsOf(name, connections.toLocaleString('en')),
    obstacle: () => {
      const most = descriptors();
      const needed = connections + 200;
      return most < needed ? `needs ${needed} file descriptors, and ulimit -Hn says ${most}` : undefined;
    },
    prepare: async (contestant, { start, quick }) => {
      return async () => {
        const server = await start(contestant, { env: ENV, asked: true });
        const request = `GET ${contestant.paths.get} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
        await warmUp(server, request);
        await rest(server, quick);
        const rssBefore = server.rssBytes();
        const sockets = await open(server.port, connections, request);
        await rest(server, quick);
        const rssAfter = server.rssBytes();
        const exitSeconds = await server.terminate();
        for (const socket of sockets) socket.destroy();
        const waitedSeconds = contestant.name === 'service' ? MIN_IDLE_SECONDS : 0;
        return { connections, rssBefore, rssAfter, exitSeconds, waitedSeconds };
      };
    },
  };
}

function rowsOf(name: string, connections: string): Row[] {
  const memory: Row = {
    name: `${name}-memory`,
    title: `RSS per idle connection, at ${connections}`,
    formula: { of: 'rssAfter', less: 'rssBefore', per: 'connections', times: 1e-3 },
    unit: 'kB',
    better: 'less',
    goal: '≤ 1.05',
    shown: 'ratio',
  };
  const exit: Row = {
    name: `${name}-exit`,
    title: `SIGTERM → exit with ${connections} idle connections, beyond the minimum idle`,
    formula: { of: 'exitSeconds', less: 'waitedSeconds', times: 1000 },
    unit: 'ms',
    better: 'less',
    goal: '< 200 ms',
    shown: 'value',
  };
  const all: Row = {
    name: `${name}-all`,
    title: `RSS of ${connections} idle connections`,
    formula: { of: 'rssAfter', less: 'rssBefore', times: 1e-6 },
    unit: 'MB',
    better: 'less',
    shown: 'value',
    aside: true,
  };
  return [memory, exit, all];
}

/** On one connection, one after the other: what is compiled and allocated once is there before the memory is read. */
async function warmUp({ port }: Server, request: string): Promise<void> {
  const [socket] = await open(port, 1, request);
  for (let i = 1; i < WARM_UP_REQUESTS; i++) {
    socket?.write(request);
    await once(socket as Socket, 'data');
  }
  socket?.destroy();
}

/** Each connection has asked once, and has its answer. */
async function open(port: number, count: number, request: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => undefined); // the process that it belongs to will end
      await once(socket, 'connect');
      socket.write(request);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (!answer.toString('latin1').startsWith('HTTP/1.1 200 '))
        throw new Error(`answered: ${String(answer)}`);
      return socket.resume();
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** Without garbage: what is left of that depends on when it was collected last. */
async function rest({ rssBytes, ask }: Server, quick: boolean): Promise<void> {
  await ask('gc');
  if (quick) return;
  const until = performance.now() + REST.mostMs;
  for (let before = 0, now = rssBytes(); performance.now() < until; before = now, now = rssBytes()) {
    if (Math.abs(now - before) < REST.part * now) return;
    await sleep(REST.ms);
  }
}

/** That a process may have open: this one has as many connections as the server. */
function descriptors(): number {
  const [, most = '0'] =
    /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return most === 'unlimited' ? Infinity : Number(most);
}
