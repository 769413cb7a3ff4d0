import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { causeOf } from './exchange.ts';
import type { Entry } from './ledger.ts';
import type { LoadParts } from './load.ts';

const RECONNECT_MS = 1000;
/** The other side has said why: it is done, goes away, starts again, or asks to come back later (RFC 6455, 7.4.1). */
const GOODBYES = new Set([1000, 1001, 1012, 1013]);

/** A WebSocket that is opened again whenever it ends; one that ends without a goodbye is lost. Resolves after `stop`. */
export async function keepWebSocket(parts: LoadParts, node: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await oneWebSocket(parts, node, stop);
    await sleep(RECONNECT_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function oneWebSocket(
  { plan, service, clock, ledger }: LoadParts,
  node: number,
  stop: AbortSignal,
): Promise<void> {
  const path = plan.paths.webSocket;
  const dueMs = clock.now();
  ledger.sent++;
  const outcome = await new Promise<Pick<Entry, 'loss' | 'unfinished' | 'replica'>>((resolve) => {
    let socket: Socket | undefined;
    const createConnection = () => (socket = service.connect(node));
    const client = new WebSocket(`ws://service${path}`, { createConnection });
    const route = () => (socket === undefined ? undefined : service.routeOf(socket));
    const onStop = () => {
      settle({ unfinished: true });
      client.terminate();
    };
    const settle = (how: Pick<Entry, 'loss' | 'unfinished'>) => {
      stop.removeEventListener('abort', onStop);
      resolve({ ...how, replica: route()?.backend });
    };
    stop.addEventListener('abort', onStop, { once: true });
    const lose = (cause: NonNullable<Entry['loss']>['cause'], detail: string) => {
      settle({ loss: { cause, detail, state: route()?.backend?.state } });
    };
    client.once('unexpected-response', (_request, { statusCode }) => lose('status', `status ${statusCode}`));
    client.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (client.readyState === WebSocket.CONNECTING) lose(causeOf(code, route(), false), code ?? message);
    });
    client.once('close', (code) => {
      if (GOODBYES.has(code)) settle({});
      else lose('broken', `close code ${code}`);
    });
  });
  const endMs = clock.now();
  ledger.settle({ kind: 'websocket', method: 'GET', path, dueMs, endMs, newConnection: true, ...outcome });
}
