import type { Replica } from '../../cluster/replica.ts';
import type { Entry } from '../../load/ledger.ts';
import type { Facts } from '../facts.ts';
import { names, replicasOf } from '../departures.ts';
import { duration, these } from '../format.ts';
import type { Pod } from '../../subject/subject.ts';
import { afterSigterm, details, type Early, type Known, type Lost, type Rule } from './rule.ts';

/** So many in a row at the beginning are no coincidence. */
const ENOUGH = 3;

/**
 * What each replica got at its beginning, up to the first request that it took as it should, or to its last one; nothing of
 * those that did so from the start, and nothing at all if none ever did so.
 */
export function earlyOf({ cluster, ledger }: Facts, isGood: (entry: Entry) => boolean): Map<Replica, Early> {
  const found = new Map<Replica, Early>();
  if (!ledger.entries.some(isGood)) return found;
  for (const replica of cluster.replicas) {
    const own = ledger.entries
      .filter((entry) => entry.replica === replica && entry.kind !== 'stream' && entry.kind !== 'websocket')
      .sort((a, b) => a.dueMs - b.dueMs);
    const firstGood = own.findIndex(isGood);
    const entries = own.slice(0, firstGood < 0 ? own.length : firstGood);
    const until = own[firstGood] ?? own.at(-1);
    if (until === undefined || entries.length < ENOUGH || entries.some(afterSigterm)) continue;
    found.set(replica, {
      entries: new Set(entries),
      ms: until.dueMs - (replica.inRotation[0]?.fromMs ?? until.dueMs),
    });
  }
  return found;
}

/** What to do about a readiness probe that passes before the program serves. */
export function readinessAdvice({ readiness }: Pod): { advice: string; setting: string } {
  return {
    advice:
      readiness.path === undefined
        ? 'The readiness probe only asks whether the port accepts connections: give it a path (--ready-path) whose answer ' +
          'is an error until the program can serve.'
        : `Let ${readiness.path} fail until the program can serve: what it needs is there, and the first request is quick.`,
    setting: 'readinessProbe',
  };
}

/** What is lost because a replica is an endpoint too soon. */
export const EARLY: Rule<Known> = {
  fits: (entry, { early }) =>
    entry.replica !== undefined && early.get(entry.replica)?.entries.has(entry) === true,
  explain: (entries: Lost[], { plan, early }) => {
    const replicas = replicasOf(entries);
    const longest = Math.max(...replicas.map((replica) => early.get(replica)?.ms ?? 0));
    return {
      text:
        `${these(entries, 'request was', 'requests were')} lost with ${names(replicas)}, which passed readiness and served nothing for up to ` +
        `${duration(longest)} then (${details(entries)}).`,
      ...readinessAdvice(plan.pod),
    };
  },
};
