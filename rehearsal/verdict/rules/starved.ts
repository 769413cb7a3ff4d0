import type { Replica } from '../../cluster/replica.ts';
import { cutBy } from '../../subject/process-report.ts';
import { traitsOf } from '../../subject/states.ts';
import { names, replicasOf } from '../departures.ts';
import { duration, these } from '../format.ts';
import { kindOfLoss, MORE_OFTEN } from './background.ts';
import { afterSigterm, details, exitedBy, type Lost, type Rule, SLACK_MS } from './rule.ts';

/** A shorter stall is a busy machine. */
const HARDLY_MS = 500;
/** Within this time of the end of a stall, what it has held up is answered, or lost because of it. */
const AWAKE_MS = SLACK_MS + 500;

/** What a reset, an answer that breaks off or a client that gives up may come of. */
const CAUSES = new Set(['reset-new', 'reset-kept', 'broken', 'timeout']);

interface Starvation {
  ms: number;
  state: string | undefined;
  /** It was the rehearsal that took the CPU away; else it is known from the process itself only. */
  ours: boolean;
}

/** For how long its process got no CPU while the request waited, and in which state that was. */
function starvationOf({ replica, dueMs, endMs, loss }: Lost): Starvation | undefined {
  if (replica === undefined || !CAUSES.has(loss.cause)) return undefined;
  const met = replica.stalls.find(
    ({ fromMs, toMs }) => dueMs <= toMs && fromMs <= endMs && endMs <= toMs + AWAKE_MS,
  );
  const waitedMs = replica.stalls.reduce(
    (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, dueMs)),
    0,
  );
  // Who gives up has waited all the time: it is the stall's fault if that was most of it.
  const isToBlame = loss.cause === 'timeout' ? waitedMs > (endMs - dueMs) / 2 : met !== undefined;
  const stall = met ?? replica.stalls.find(({ fromMs, toMs }) => fromMs <= endMs && dueMs <= toMs);
  if (isToBlame && stall !== undefined) {
    const state = replica.states.findLast(({ fromMs }) => fromMs <= stall.fromMs)?.state;
    return { ms: stall.toMs - stall.fromMs, state, ours: true };
  }
  if (replica.stalls.length > 0) return undefined;
  // A stall over the end of a phase is known in the next one only.
  const around = [endMs - AWAKE_MS, endMs].map((ms) => ownLateness(replica, ms));
  return around.filter(({ ms }) => ms >= HARDLY_MS).sort((a, b) => b.ms - a.ms)[0];
}

/** How late the process says it was in the phase of this moment. */
function ownLateness({ states, report }: Replica, atMs: number): Starvation {
  const state = states.findLast(({ fromMs }) => fromMs <= atMs)?.state;
  const { phase } = traitsOf(state);
  return { ms: phase === undefined ? 0 : (report?.lateMs?.[phase] ?? 0), state, ours: false };
}

/** What replicas that leave lose about as often while they have all the CPU they want: no stall is to blame for it. */
export function lostAwake(lost: Lost[]): ReadonlySet<string> {
  const counts = new Map<string, { awake: number; starved: number }>();
  for (const entry of lost.filter(afterSigterm)) {
    const count = counts.get(kindOfLoss(entry)) ?? { awake: 0, starved: 0 };
    counts.set(kindOfLoss(entry), count);
    count[starvationOf(entry) === undefined ? 'awake' : 'starved']++;
  }
  const asOften = [...counts].filter(([, { awake, starved }]) => starved <= MORE_OFTEN * awake);
  return new Set(asOften.map(([kind]) => kind));
}

const MEANWHILE: Record<string, string> = {
  'lame-duck': 'in its window',
  draining: 'while it was draining',
  cleanup: 'while it cleaned up',
  'final-scrape': 'while it waited for its last scrape',
};

/** `while it was draining` */
export function meanwhile(state: string | undefined): string {
  return MEANWHILE[state ?? ''] ?? 'while it was leaving';
}

/** What is lost because a process that leaves got no CPU: neither its window nor its drain is to blame. */
export const STARVED: Record<string, Rule> = {
  starved: {
    fits: (entry, { awake }) => {
      const wasKilled = entry.replica?.killed !== undefined && exitedBy(entry);
      // What takes its time was cut because it did, as far as anybody can tell.
      const isLong = entry.kind !== 'get' && entry.kind !== 'post' && cutBy(entry.replica?.report) > 0;
      return !wasKilled && !isLong && !awake.has(kindOfLoss(entry)) && starvationOf(entry) !== undefined;
    },
    explain: (entries) => {
      const all = entries.flatMap((entry) => starvationOf(entry) ?? []);
      const when = [...new Set(all.map(({ state }) => meanwhile(state)))].join(' and ');
      const forMs = duration(all.reduce((longest, { ms }) => Math.max(longest, ms), 0));
      const who = `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))}`;
      return {
        text: all.every(({ ours }) => ours)
          ? `${who}, whose process got no CPU for up to ${forMs} ${when} (${details(entries)}).`
          : `${who}, whose event loop was late by up to ${forMs} ${when} (${details(entries)}): it got no CPU, or a callback held it up.`,
        advice:
          'After such a pause timers are due before anything that clients have sent is read: a process must read that ' +
          'first, and close then. Or spare it the pause: raise resources.limits.cpu, or leave it out.',
        setting: 'resources.limits.cpu',
      };
    },
  },
};
