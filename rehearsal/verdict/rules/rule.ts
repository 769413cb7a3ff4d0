import type { Replica } from '../../cluster/replica.ts';
import type { Entry } from '../../load/ledger.ts';
import type { Plan } from '../../plan.ts';
import type { Facts } from '../facts.ts';
import type { Finding } from '../result.ts';

/** A request that was lost. */
export type Lost = Entry & { loss: NonNullable<Entry['loss']> };

export interface Context extends Facts {
  /** Causes and details of what was lost before the change as well as after it. */
  always: ReadonlySet<string>;
  /** Causes and details of what replicas that leave lose without a stall, too. */
  awake: ReadonlySet<string>;
  refused: ReadonlyMap<Replica, number>;
}

export interface Rule {
  /** The first rule that fits a lost request explains it. */
  fits: (entry: Lost, context: Context) => boolean;
  explain: (entries: Lost[], context: Context) => Omit<Finding, 'severity' | 'lost'>;
}

/** How far a moment may be from the event that explains it: timers, and a loaded machine. */
export const SLACK_MS = 150;

export const afterSigterm = ({ replica, endMs }: Entry) =>
  replica?.sigtermAtMs !== undefined && endMs >= replica.sigtermAtMs;
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
