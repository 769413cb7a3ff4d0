// Who asks: wrk, or a client of our own; and how often they can.
import type { Counts } from '../results.ts';
import type { Generator } from './ask.ts';
import { ownClient } from './own-client.ts';
import { wrk } from './wrk.ts';

const CONNECTIONS = 64;

/** wrk if it is there, which leaves more of its core to targets and readers of logs; else a client of our own. */
export function pickGenerator(): Generator {
  return wrk() ?? ownClient();
}

/**
 * What it gets from a server that answers every request with the same bytes, and reads none: no contestant can be
 * measured to be faster. That server is Node on a core of its own, and most of the time the limit is there.
 */
export async function ceilingOf({ load }: Generator, port: number, seconds: number): Promise<Counts> {
  const { answers, seconds: taken } = await load({
    port,
    path: '/target',
    connections: CONNECTIONS,
    seconds,
  });
  return { answers, seconds: taken };
}
