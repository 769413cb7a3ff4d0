// Who asks: wrk, or a client of our own; and how often they can.
import type { Counts } from '../results.ts';
import type { Generator } from './ask.ts';
import { startTarget } from '../target.ts';
import { ownClient } from './own-client.ts';
import { wrk } from './wrk.ts';

const CONNECTIONS = 64;
const CEILING_SECONDS = 2;

/** wrk if it is there, which leaves more of its core to targets and readers of logs; else a client of our own. */
export function pickGenerator(): Generator {
  return wrk() ?? ownClient();
}

/**
 * What it gets from a server that answers every request with the same bytes and reads none, on the core of the servers: no
 * contestant can be measured to be faster.
 */
export async function ceilingOf({ load }: Generator, pinned: string[]): Promise<Counts> {
  const target = await startTarget(pinned);
  const { answers, seconds } = await load({
    port: target.small,
    path: '/',
    connections: CONNECTIONS,
    seconds: CEILING_SECONDS,
  });
  target.stop();
  return { answers, seconds };
}
