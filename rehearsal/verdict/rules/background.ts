import type { Replica } from '../../cluster/replica.ts';
import type { Facts } from '../facts.ts';
import type { Lost } from './rule.ts';

// What would have been lost without the change, and what has nothing to do with the service.

/** Errors of this machine: it is out of ports, of files, of memory. */
const OF_THE_MACHINE = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);
/** How much more often something has to be lost than without a change, or a stall, to have come of it. */
export const MORE_OFTEN = 3;

export const isOfTheMachine = ({ loss }: Lost) => OF_THE_MACHINE.has(loss.detail);
export const wasLostBefore = ({ endMs }: Lost, changeFromMs: number) => endMs < changeFromMs;
export const kindOfLoss = ({ loss }: Lost) => `${loss.cause} ${loss.detail}`;

/** What was lost about as often before the change as it was from then on: the change is not to blame for it. */
export function lostAlways(lost: Lost[], { ledger, changeFromMs }: Facts): ReadonlySet<string> {
  const before = new Map<string, number>();
  const since = new Map<string, number>();
  for (const entry of lost) {
    const counts = wasLostBefore(entry, changeFromMs) ? before : since;
    counts.set(kindOfLoss(entry), (counts.get(kindOfLoss(entry)) ?? 0) + 1);
  }
  const sentBefore = ledger.entries.filter(({ dueMs }) => dueMs < changeFromMs).length;
  const sentSince = ledger.entries.length - sentBefore;
  const asOften = [...before].filter(
    ([kind, count]) => (since.get(kind) ?? 0) / sentSince <= (MORE_OFTEN * count) / sentBefore,
  );
  return new Set(asOften.map(([kind]) => kind));
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
