import { createHistogram } from 'node:perf_hooks';
import type { Entry } from '../load/ledger.ts';
import type { Quantiles, Slice, Totals } from './result.ts';

/** About as many slices as a screen can show. */
const SLICES = 120;
const MIN_SLICE_MS = 250;

/** How many there were, and what has become of them. */
export function totals(entries: Entry[]): Totals {
  const lost = entries.filter(({ loss }) => loss !== undefined).length;
  const open = entries.filter(({ unfinished }) => unfinished === true).length;
  return { sent: entries.length, answered: entries.length - lost - open, lost, open };
}

/** Of what was to be answered at once: requests that are slow on purpose, and streams, would hide it. */
export function quantiles(entries: Entry[]): Quantiles {
  const histogram = createHistogram();
  for (const { kind, loss, dueMs, endMs } of entries) {
    if (loss !== undefined || (kind !== 'get' && kind !== 'post')) continue;
    histogram.record(Math.max(1, Math.round((endMs - dueMs) * 1000)));
  }
  const at = (percentile: number) => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1000);
  return { count: histogram.count, p50: at(50), p90: at(90), p99: at(99), max: at(100) };
}

/** The whole time in equal parts; `since` turns the clock of the rehearsal into that of the result. */
export function slices(entries: Entry[], durationMs: number, since: (ms: number) => number): Slice[] {
  const widthMs = Math.max(MIN_SLICE_MS, Math.ceil(durationMs / SLICES / MIN_SLICE_MS) * MIN_SLICE_MS);
  const parts: Entry[][] = Array.from({ length: Math.ceil(durationMs / widthMs) }, () => []);
  // The last one takes what has ended in the very last moment, too.
  for (const entry of entries)
    parts[Math.min(parts.length - 1, Math.floor(since(entry.endMs) / widthMs))]?.push(entry);
  return parts.map((part, i) => {
    const answered: Record<string, number> = {};
    for (const { replica, loss, unfinished } of part) {
      if (replica !== undefined && loss === undefined && unfinished !== true)
        answered[replica.name] = (answered[replica.name] ?? 0) + 1;
    }
    const { sent, lost } = totals(part);
    const { p50, p99, max } = quantiles(part);
    return { fromMs: i * widthMs, toMs: (i + 1) * widthMs, sent, lost, answered, p50, p99, max };
  });
}
