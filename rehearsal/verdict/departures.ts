import type { Replica } from '../cluster/replica.ts';
import type { Entry } from '../load/ledger.ts';
import type { Pod } from '../subject/subject.ts';
import { duration, range } from './format.ts';

// What diagnosis and warnings both look at: replicas that were to leave, and how they left.

/** Those that lost them, each once. */
export const replicasOf = (entries: Entry[]) => [
  ...new Set(entries.flatMap(({ replica }) => (replica === undefined ? [] : [replica]))),
];
export const names = (replicas: Replica[]) => replicas.map(({ name }) => name).join(', ');
export const sinceSigterm = (entries: Entry[]) =>
  range(entries.map(({ replica, endMs }) => endMs - (replica?.sigtermAtMs ?? endMs)));
/** Since its SIGTERM, until the last balancer let go of it. */
export const removalMs = (replica: Replica) =>
  (replica.inRotation.at(-1)?.toMs ?? 0) - (replica.sigtermAtMs ?? 0);
export const windowMs = ({ states }: Replica) => {
  const window = states.find(({ state }) => state === 'lame-duck');
  return window === undefined ? undefined : window.toMs - window.fromMs;
};

/** `, 4.0 s of it without CPU`, where that was so. */
export function afterStalls(replicas: Replica[]): string {
  const withoutMs = replicas.map(({ stalls }) =>
    stalls.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
  );
  const longestMs = Math.max(0, ...withoutMs);
  return longestMs === 0 ? '' : `, up to ${duration(longestMs)} of it without CPU`;
}

/** `draining, cleanup` */
export function stateAtTheEnd(replicas: Replica[]): string {
  return [...new Set(replicas.map(({ states }) => states.at(-1)?.state ?? 'unknown'))].join(', ');
}

/** Of all of these replicas together. */
export function farewells(
  replicas: Replica[],
  all: ReadonlyMap<Replica, { answers: number; close: number }>,
): { answers: number; close: number } {
  const sum = { answers: 0, close: 0 };
  for (const replica of replicas) {
    sum.answers += all.get(replica)?.answers ?? 0;
    sum.close += all.get(replica)?.close ?? 0;
  }
  return sum;
}

/** `its liveness probe (/livez, 3 times every 10.0 s)` */
export function livenessOf(probe: Pod['liveness']): string {
  return probe === undefined
    ? 'its startup probe'
    : `its liveness probe (${probe.path ?? 'tcp'}, ${probe.failureThreshold} times every ${duration(probe.periodMs)})`;
}
