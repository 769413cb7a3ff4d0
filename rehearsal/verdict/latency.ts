import type { Entry } from '../load/ledger.ts';
import type { Facts } from './facts.ts';

/** From sending to the end: without what this machine took to send it. */
const latencyOf = ({ sentMs, endMs }: Entry) => endMs - sentMs;

/** What is to be answered at once. */
export const isPrompt = ({ kind }: Entry) => kind === 'get' || kind === 'post';

/** @param share of them that took no longer, 0 to 1 */
export function latencyQuantile(entries: Entry[], share: number): number {
  const sorted = entries.map(latencyOf).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** Whether an answer took as long as that. */
export const took = (entry: Entry, ms: number) => latencyOf(entry) >= ms;

/** What nine of ten answers took at the least before anything changed: a busy machine makes others slow, hardly all. */
export function leastUsualMs({ ledger, changeFromMs }: Facts): number {
  const steady = ledger.entries.filter(
    (entry) => isPrompt(entry) && entry.loss === undefined && entry.dueMs < changeFromMs,
  );
  return latencyQuantile(steady, 0.1);
}
