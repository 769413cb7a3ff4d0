import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Ground } from '../room.ts';
import { flushAtTheEnd } from './flush.ts';
import { RegistryProducer } from './metric-producer.ts';
import { MetricsDelivery } from './metrics-delivery.ts';
import { metricsExporterFor } from './metrics-exporter.ts';
import { resourceOf } from './resource.ts';
import type { Values } from './variables.ts';

/** Sends the metrics to the collector again and again, and at the end once more, when all has been counted. */
export async function exportMetrics(values: Values, ground: Ground): Promise<void> {
  const { config, logger, metrics } = ground;
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

  const flush = async () => {
    await reader.forceFlush();
    if (delivery.failure !== undefined) {
      throw new Error(`the last metrics were not delivered: ${delivery.failure}`);
    }
  };
  flushAtTheEnd(ground, { name: 'metrics-export', what: 'the metrics', flush });
}
