// One way of asking for requests per second, whoever asks.
import { ownClient } from './own-client.ts';
import { wrk } from './wrk.ts';

export interface Ask {
  port: number;
  path: string;
  /** JSON that is posted; without it, it is a GET. */
  body?: string;
  seconds: number;
  connections: number;
}

/** What came of it. */
export interface Tally {
  answers: number;
  /** Of them, with a status of 400 or more. */
  refusals: number;
  /** Connections that broke, and answers that did not come. */
  broken: number;
  seconds: number;
}

export interface Generator {
  name: string;
  load: (ask: Ask) => Promise<Tally>;
}

/** wrk if it is there, which leaves more of its core to targets and readers of logs; else a client of our own. */
export function generator(): Generator {
  return wrk() ?? ownClient();
}
