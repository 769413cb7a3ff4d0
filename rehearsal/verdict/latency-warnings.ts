import type { Entry } from '../load/ledger.ts';
import type { Facts } from './facts.ts';
import { names, replicasOf } from './departures.ts';
import { counted, duration } from './format.ts';
import { isPrompt, latencyQuantile, took } from './latency.ts';
import type { Warning } from './result.ts';
import { earlyOf, readinessAdvice } from './rules/early.ts';
import { afterSigterm } from './rules/rule.ts';

/** An answer that takes less is never called slow. */
const SLOW_MS = 500;
/** How much slower than usual. */
const MUCH_SLOWER = 5;
const ENOUGH = 5;

/** Latency that grows: with time, with replicas that are new, with those that leave. Nothing is lost by it yet. */
export function latencyWarnings(facts: Facts): Warning[] {
  const { ledger, changeFromMs, cluster } = facts;
  const prompt = ledger.entries.filter(isPrompt);
  const answered = prompt.filter(({ loss }) => loss === undefined);
  // Those that were never answered have waited, too.
  const steady = prompt.filter(({ dueMs }) => dueMs < changeFromMs);
  // A machine that takes no time for anything would call everything slow.
  const slowMs = Math.max(SLOW_MS, MUCH_SLOWER * latencyQuantile(steady, 0.5));
  const isSlow = (entry: Entry) => took(entry, slowMs);
  return [
    growing(steady),
    early(facts, isSlow),
    leaving(
      answered.filter(
        (entry) => afterSigterm(entry) && cluster.replicas.every(({ stalls }) => stalls.length === 0),
      ),
      isSlow,
    ),
  ].filter((warning) => warning !== undefined);
}

/** Before anything changes: what comes in faster than it is answered piles up. */
function growing(steady: Entry[]): Warning | undefined {
  const byDue = [...steady].sort((a, b) => a.dueMs - b.dueMs);
  const third = Math.floor(byDue.length / 3);
  const [first, last] = [
    latencyQuantile(byDue.slice(0, third), 0.5),
    latencyQuantile(byDue.slice(-third), 0.5),
  ];
  if (third < ENOUGH || last < SLOW_MS || last < 2 * first) return undefined;
  return {
    text: `Latency grew from ${duration(first)} to ${duration(last)} (median) before anything had changed: requests come in faster than they are answered.`,
    advice: 'The program does not stand this load: rehearse with a lower --rate, or with more replicas.',
    setting: 'replicas',
  };
}

/** New replicas whose first answers are slow. */
function early(facts: Facts, isSlow: (entry: Entry) => boolean): Warning | undefined {
  const found = earlyOf(
    facts,
    (entry) => entry.loss === undefined && entry.kind !== 'slow' && !isSlow(entry),
  );
  const entries = [...found.values()]
    .flatMap((one) => [...one.entries])
    .filter(({ loss }) => loss === undefined);
  if (entries.length < ENOUGH) return undefined;
  const longestMs = Math.max(...[...found.values()].map(({ ms }) => ms));
  return {
    text:
      `${names([...found.keys()])} passed readiness and answered nothing in time for up to ${duration(longestMs)} then: ` +
      `${counted(entries.length, 'request')} took up to ${duration(latencyQuantile(entries, 1))}.`,
    ...readinessAdvice(facts.plan.pod),
  };
}

/** Replicas that have become slow with their SIGTERM. */
function leaving(entries: Entry[], isSlow: (entry: Entry) => boolean): Warning | undefined {
  const slow = entries.filter(isSlow);
  if (slow.length < ENOUGH || slow.length < entries.length / 2) return undefined;
  return {
    text: `${names(replicasOf(slow))} became slow with SIGTERM: ${counted(slow.length, 'request')} took up to ${duration(latencyQuantile(slow, 1))}.`,
    advice: 'A service that leaves must go on serving as before until nobody sends it anything.',
  };
}
