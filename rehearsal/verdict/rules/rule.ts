import type { Replica } from '../../cluster/replica.ts';
import type { Entry } from '../../load/ledger.ts';
import type { Plan } from '../../plan.ts';
import type { Facts } from '../facts.ts';
import type { Warning } from '../result.ts';

/** A request that was lost. */
export type Lost = Entry & { loss: NonNullable<Entry['loss']> };

/** A replica at its beginning: balancers send it requests, and it can't answer them yet. */
export interface Early {
  entries: ReadonlySet<Entry>;
  /** From its first moment as an endpoint until it did as it should. */
  ms: number;
}

/** What is lost without anybody leaving. */
export interface Background {
  /** Of a kind that is lost about as often with replicas that stay. */
  isAlways: (entry: Lost) => boolean;
  /** Lost with a replica that stays, and of a kind that was not lost, or hardly, before the change. */
  isStrain: (entry: Lost) => boolean;
}

/** What is known before anything is explained. */
export interface Known extends Facts {
  /** Replicas that lost something at their beginning. */
  early: ReadonlyMap<Replica, Early>;
  /** Causes and details of what replicas that leave lose without a stall, too. */
  awake: ReadonlySet<string>;
  refused: ReadonlyMap<Replica, number>;
  /** What an answer takes at the least, as a rule, before anything changes. */
  usualMs: number;
}

export interface Context extends Known {
  /** Of what no event explains. */
  background: Background;
}

export interface Rule<Needed extends Known = Context> {
  /** The first rule that fits a lost request explains it. */
  fits: (entry: Lost, context: Needed) => boolean;
  explain: (entries: Lost[], context: Needed) => Warning;
}

/** How far a moment may be from the event that explains it: timers, and a loaded machine. */
export const SLACK_MS = 150;

/** When it was decided how it ends: of a client that gives up, when it should have had its answer. */
export const momentOf = ({ loss, answerDueMs, endMs }: Entry) =>
  loss?.cause === 'timeout' ? answerDueMs : endMs;
export const afterSigterm = (entry: Entry) =>
  entry.replica?.sigtermAtMs !== undefined && momentOf(entry) >= entry.replica.sigtermAtMs;
export const exitedBy = ({ replica, endMs }: Entry) =>
  replica?.exit !== undefined && endMs >= replica.exit.atMs - SLACK_MS;

/** The built service, or one with its settings. */
export const isOurs = ({ program }: Plan) => program.ports.others.includes('MANAGEMENT_PORT');

/** `3 ECONNRESET, 1 status 503` */
export function details(entries: Lost[]): string {
  const counts = new Map<string, number>();
  for (const { loss } of entries) counts.set(loss.detail, (counts.get(loss.detail) ?? 0) + 1);
  return [...counts].map(([detail, number]) => `${number} ${detail}`).join(', ');
}
