import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica } from '../cluster/replica.ts';
import type { Route } from '../cluster/service.ts';
import type { Cause, Entry } from './ledger.ts';
import type { LoadParts } from './parts.ts';

/** What a browser's EventSource waits, unless the stream says otherwise. */
const RECONNECT_MS = 1000;

/** What the connection itself tells; the first call counts. */
export interface Outcome {
  /** It ended as it should. */
  ended: () => void;
  lost: (cause: Cause, detail: string) => void;
}

/** A connection that lasts, as far as the bookkeeping has to know it. */
export interface Lasting {
  route: () => Route<Replica> | undefined;
  /** The client leaves. */
  abort: () => void;
}

/** Opens a connection, again whenever it has ended, and enters how it went. Resolves after `stop`. */
export async function keepOpen(
  { clock, ledger }: Pick<LoadParts, 'clock' | 'ledger'>,
  what: { kind: 'stream' | 'websocket'; path: string },
  stop: AbortSignal,
  open: (outcome: Outcome) => Lasting,
): Promise<void> {
  while (!stop.aborted) {
    const dueMs = clock.now();
    ledger.sent++;
    const outcome = await once(stop, open);
    ledger.settle({
      ...what,
      method: 'GET',
      dueMs,
      sentMs: dueMs,
      answerDueMs: dueMs,
      endMs: clock.now(),
      newConnection: true,
      ...outcome,
    });
    await sleep(RECONNECT_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function once(
  stop: AbortSignal,
  open: (outcome: Outcome) => Lasting,
): Promise<Pick<Entry, 'loss' | 'unfinished' | 'replica'>> {
  return new Promise((resolve) => {
    const settle = (how: (state: string | undefined) => Pick<Entry, 'loss' | 'unfinished'>) => {
      stop.removeEventListener('abort', onStop);
      const replica = lasting.route()?.backend;
      resolve({ ...how(replica?.state), replica });
    };
    const onStop = () => {
      settle(() => ({ unfinished: true }));
      lasting.abort();
    };
    const lasting = open({
      ended: () => settle(() => ({})),
      lost: (cause, detail) => settle((state) => ({ loss: { cause, detail, state } })),
    });
    stop.addEventListener('abort', onStop, { once: true });
  });
}
