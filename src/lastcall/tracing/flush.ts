import { setTimeout as sleep } from 'node:timers/promises';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Ground } from '../room.ts';
import type { Delivery } from './delivery.ts';
import type { WindDown } from './wind-down.ts';

/** What a collector that hangs costs at most; less, if the other hooks have left less. Enough for a second try. */
const MOST_MS = 2000;

/** What there is to tell after that is little, and a collector that has just taken the rest is quick. */
const FAREWELL_MS = 350;

/**
 * The last hook to stop delivers what there is. One that fails is told and changes no exit code: what was promised to
 * clients has been kept by then.
 */
export function flushAtTheEnd(
  { hooks, lifecycle }: Ground,
  { batches, delivery, windDown }: { batches: SpanProcessor; delivery: Delivery; windDown: WindDown },
): void {
  let delivered = false;
  hooks.add({
    name: 'tracing',
    critical: false,
    stop: async () => {
      await flush(batches, delivery, MOST_MS);
      delivered = true;
    },
  });
  lifecycle.farewell = async (report) => {
    windDown.end(report);
    if (delivered) await flush(batches, delivery, FAREWELL_MS); // else it has cost enough
  };
}

/** @throws Error if something was not delivered, or not within that time */
async function flush(batches: SpanProcessor, delivery: Delivery, mostMs: number): Promise<void> {
  const before = delivery.failed;
  const all = async () => {
    // It rejects at the first batch that fails, and does not wait for one that was on its way already.
    await batches.forceFlush().catch(() => undefined);
    await delivery.forceFlush();
    return true;
  };
  const late = new AbortController();
  const timeout = sleep(mostMs, false, { signal: late.signal }).catch(() => false);
  const inTime = await Promise.race([all(), timeout]);
  late.abort();
  if (!inTime) throw new Error(`the collector did not take the last spans within ${mostMs} ms`);
  const lost = delivery.failed - before;
  if (lost > 0) throw new Error(`${lost} spans were not delivered: ${delivery.reason}`);
}
