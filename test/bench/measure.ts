// What a measure is.
import type { Contestant } from './contestants.ts';
import type { Generator } from './load/ask.ts';
import type { Counts, Family, Row } from './results.ts';
import type { Server, ServerOptions } from './server.ts';
import type { Target } from './target.ts';

export interface Context {
  generator: Generator;
  quick: boolean;
  /** What is behind gateways. */
  target: Target;
  /** Starts it on the core of the servers; it ends with the measure. */
  start: (contestant: Contestant, options?: Omit<ServerOptions, 'pinned'>) => Promise<Server>;
}

export interface Measure {
  name: string;
  /** What `--only` calls it, together with others; its name if it is alone. */
  group?: string;
  family: Family;
  /** The contestant that ratios are to, one of them. */
  baseline: string;
  contestants: Contestant[];
  rows: Row[];
  /** Of rounds, where one takes long and differs little from the next. */
  most?: number;
  /** What it can't do without on this machine, in words. */
  obstacle?: () => string | undefined;
  /**
   * Gets one contestant ready.
   *
   * @returns what takes one sample of it, once in every round
   */
  prepare: (contestant: Contestant, context: Context) => Promise<() => Promise<Counts>>;
}

export const groupOf = ({ name, group = name }: Measure): string => group;
