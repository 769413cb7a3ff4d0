import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { causeOf } from './exchange.ts';
import type { Entry } from './ledger.ts';
import type { LoadParts } from './load.ts';

/** What a browser's EventSource waits, unless the stream says otherwise. */
const RECONNECT_MS = 1000;

/**
 * An event stream that is opened again whenever it ends. One that ends by itself is answered, one that breaks off is
 * lost. Resolves after `stop`.
 */
export async function keepStream(parts: LoadParts, node: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await oneStream(parts, node, stop);
    await sleep(RECONNECT_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function oneStream(
  { plan, service, clock, ledger }: LoadParts,
  node: number,
  stop: AbortSignal,
): Promise<void> {
  const path = plan.paths.stream;
  const dueMs = clock.now();
  ledger.sent++;
  const outcome = await new Promise<Pick<Entry, 'loss' | 'unfinished' | 'replica'>>((resolve) => {
    const createConnection = () => service.connect(node);
    const headers = { Accept: 'text/event-stream' };
    const req = request({ host: 'service', path, headers, createConnection });
    const onStop = () => {
      settle({ unfinished: true });
      req.destroy();
    };
    const settle = (how: Pick<Entry, 'loss' | 'unfinished'>) => {
      stop.removeEventListener('abort', onStop);
      resolve({ ...how, replica: route()?.backend });
    };
    const route = () => (req.socket === null ? undefined : service.routeOf(req.socket));
    const lose = (cause: NonNullable<Entry['loss']>['cause'], detail: string) => {
      settle({ loss: { cause, detail, state: route()?.backend?.state } });
    };
    stop.addEventListener('abort', onStop, { once: true });
    req.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      lose(causeOf(code, route(), false), code ?? message);
    });
    req.once('response', (res) => {
      res.once('error', ({ code, message }: NodeJS.ErrnoException) => lose('broken', code ?? message));
      res.once('end', () => {
        if ((res.statusCode ?? 0) < 400) settle({});
        else lose('status', `status ${res.statusCode}`);
      });
      res.resume();
    });
    req.end();
  });
  const endMs = clock.now();
  ledger.settle({ kind: 'stream', method: 'GET', path, dueMs, endMs, newConnection: true, ...outcome });
}
