import { setTimeout as sleep } from 'node:timers/promises';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Ground } from '../room.ts';
import { RegistryProducer } from './metric-producer.ts';
import { MetricsDelivery } from './metrics-delivery.ts';
import { metricsExporterFor } from './metrics-exporter.ts';
import { resourceOf } from './resource.ts';
import type { Values } from './variables.ts';

/** For the last of them, as for the last spans. */
const MOST_MS = 2000;
const FAREWELL_MS = 350;

/** Sends the metrics to the collector again and again, and at the end once more, when all has been counted. */
export async function exportMetrics(values: Values, ground: Ground): Promise<void> {
  const { config, hooks, lifecycle, logger, metrics } = ground;
  const { metricsIntervalMs } = values;
  // Before the reader gives it up, because that would say so each time.
  const timeoutMs = Math.min(values.timeoutMs, 0.9 * metricsIntervalMs);
  const delivery = new MetricsDelivery(await metricsExporterFor({ ...values, timeoutMs }), logger);
  const reader = new PeriodicExportingMetricReader({
    exporter: delivery,
    exportIntervalMillis: metricsIntervalMs,
    exportTimeoutMillis: metricsIntervalMs,
  });
  reader.setMetricProducer(new RegistryProducer(metrics.registry, resourceOf(values, config.service)));

  const flush = async (mostMs: number) => {
    const late = new AbortController();
    const timeout = sleep(mostMs, 'late', { signal: late.signal }).catch(() => 'late');
    const outcome = await Promise.race([reader.forceFlush().then(() => 'flushed'), timeout]);
    late.abort();
    if (outcome === 'late') throw new Error(`the collector did not take the metrics within ${mostMs} ms`);
    if (delivery.failure !== undefined) {
      throw new Error(`the last metrics were not delivered: ${delivery.failure}`);
    }
  };
  let delivered = false;
  hooks.add({
    name: 'metrics-export',
    critical: false,
    stop: async () => {
      await flush(MOST_MS);
      delivered = true;
    },
  });
  const others = lifecycle.farewell;
  lifecycle.farewell = async (report) => {
    await Promise.all([others?.(report), delivered ? flush(FAREWELL_MS) : undefined]); // else it has cost enough
  };
}
