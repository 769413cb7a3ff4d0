import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../lifecycle/report.ts';
import type { Ground } from '../room.ts';

/** What a collector that hangs costs at most; less, if the other hooks have left less. Enough for a second try. */
const MOST_MS = 2000;

/** What there is to tell after that is little, and a collector that has just taken the rest is quick. */
const FAREWELL_MS = 350;

export interface Rest {
  /** Of the hook. */
  name: string;
  /** In words: `the last spans`. */
  what: string;
  /** Rejects if something was not delivered. */
  flush: () => Promise<void>;
  /** Called at the very end, when the report is known, for what is delivered then. */
  onReport?: (report: Report) => void;
}

/**
 * The last hooks to stop deliver what there is. One that fails is told and changes no exit code: what was promised to
 * clients has been kept by then. What the end itself has to tell is delivered behind them.
 */
export function flushAtTheEnd(
  { hooks, lifecycle }: Ground,
  { name, what, flush, onReport = () => undefined }: Rest,
): void {
  let delivered = false;
  hooks.add({
    name,
    critical: false,
    stop: async () => {
      await within(MOST_MS, flush, what);
      delivered = true;
    },
  });
  const others = lifecycle.farewell;
  lifecycle.farewell = async (report) => {
    onReport(report);
    const rest = delivered ? within(FAREWELL_MS, flush, what) : undefined; // else it has cost enough
    await Promise.all([others?.(report), rest]);
  };
}

/** @throws Error if something was not delivered, or not within that time */
async function within(mostMs: number, flush: () => Promise<void>, what: string): Promise<void> {
  const flushed = async () => {
    await flush();
    return true;
  };
  const late = new AbortController();
  const timeout = sleep(mostMs, false, { signal: late.signal }).catch(() => false);
  try {
    const inTime = await Promise.race([flushed(), timeout]);
    if (!inTime) throw new Error(`the collector did not take ${what} within ${mostMs} ms`);
  } finally {
    late.abort();
  }
}
