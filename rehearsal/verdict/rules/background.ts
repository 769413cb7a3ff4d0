import type { Replica } from '../../cluster/replica.ts';
import type { Entry } from '../../load/ledger.ts';
import type { Facts } from '../facts.ts';
import { isHardlyChance } from './chance.ts';
import { afterSigterm, type Background, type Lost, momentOf } from './rule.ts';

// What would have been lost without the change, and what has nothing to do with the service.

/** Errors of this machine: it is out of ports, of files, of memory. */
const OF_THE_MACHINE = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);
/** How much more often something has to be lost than without a change, or a stall, to have come of it. */
export const MORE_OFTEN = 3;

export const isOfTheMachine = ({ loss }: Lost) => OF_THE_MACHINE.has(loss.detail);
export const wasLostBefore = (entry: Entry, changeFromMs: number) => momentOf(entry) < changeFromMs;
export const kindOfLoss = ({ loss }: Lost) => `${loss.cause} ${loss.detail}`;

/** Before anything had changed; from then on with replicas that nobody had told to go; with those that leave. */
type Part = 'steady' | 'staying' | 'leaving';

/** @param lost what no event of a replica explains */
export function backgroundOf(lost: Lost[], { ledger, changeFromMs }: Facts): Background {
  const partOf = (entry: Entry): Part => {
    if (afterSigterm(entry)) return 'leaving';
    return wasLostBefore(entry, changeFromMs) ? 'steady' : 'staying';
  };
  const sent = countBy(ledger.entries, partOf);
  const strained = new Set<string>();
  const lostAnyway = new Set<string>();
  for (const [kind, entries] of groupBy(lost, kindOfLoss)) {
    const { steady, staying, leaving } = countBy(entries, partOf);
    const others = { lost: steady + staying, sent: sent.steady + sent.staying };
    if (isMoreOften({ lost: staying, sent: sent.staying }, { lost: steady, sent: sent.steady }))
      strained.add(kind);
    if (others.lost > 0 && !isMoreOften({ lost: leaving, sent: sent.leaving }, others)) lostAnyway.add(kind);
  }
  const isStrain = (entry: Lost) => partOf(entry) === 'staying' && strained.has(kindOfLoss(entry));
  const isAlways = (entry: Lost) =>
    partOf(entry) === 'leaving' ? lostAnyway.has(kindOfLoss(entry)) : !isStrain(entry);
  return { isAlways, isStrain };
}

interface Share {
  lost: number;
  sent: number;
}

/** By so much, and so clearly, that it is not by chance. */
function isMoreOften(these: Share, others: Share): boolean {
  const share = these.sent / (these.sent + others.sent);
  return (
    these.lost / these.sent > (MORE_OFTEN * others.lost) / Math.max(1, others.sent) &&
    isHardlyChance(these.lost, these.lost + others.lost, share)
  );
}

const NONE: Record<Part, number> = { steady: 0, staying: 0, leaving: 0 };

function countBy<T>(items: T[], partOf: (item: T) => Part): Record<Part, number> {
  const counts = { ...NONE };
  for (const item of items) counts[partOf(item)]++;
  return counts;
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return groups;
}

/** When the first connection of each replica was refused: it had stopped listening by then. */
export function refusedSince(lost: Lost[]): ReadonlyMap<Replica, number> {
  const since = new Map<Replica, number>();
  for (const { replica, loss, endMs } of lost) {
    if (replica === undefined || loss.cause !== 'refused') continue;
    since.set(replica, Math.min(endMs, since.get(replica) ?? Infinity));
  }
  return since;
}
