// What a measure is.
import type { Contestant } from './contestants.ts';
import type { Generator } from './load/load.ts';
import type { Counts, Row } from './results.ts';
import type { Server, ServerOptions } from './server.ts';

export interface Context {
  generator: Generator;
  quick: boolean;
  /** Starts it on the core of the servers; it ends with the measure. */
  start: (contestant: Contestant, options?: Omit<ServerOptions, 'pinned'>) => Promise<Server>;
}

export interface Measure {
  name: string;
  title: string;
  /** The contestant that ratios are to, one of them. */
  baseline: string;
  contestants: Contestant[];
  rows: Row[];
  /**
   * Gets one contestant ready.
   *
   * @returns what takes one sample of it, once in every round
   */
  prepare: (contestant: Contestant, context: Context) => Promise<() => Promise<Counts>>;
}
