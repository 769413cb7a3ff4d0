import { type Metric, Registry } from 'prom-client';
import type { MetricRegistry } from './metric-factory.ts';
import { wantsOpenMetrics } from './openmetrics.ts';

/** The metrics as text, in the format that the `Accept` header asks for. */
export type Expose = (accept?: string) => Promise<{ contentType: string; body: string }>;

export function openMetricsRegistry(): MetricRegistry {
  const registry: MetricRegistry = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/**
 * Writes the metrics of a registry as OpenMetrics, and by a second registry of the same metrics in the classic format.
 *
 * Writing OpenMetrics takes `_total` off the names of prom-client's counters for good, and the classic format wants it.
 * So both get the names anew, before their first await: two scrapes at once don't disturb each other.
 */
export function exposition(registry: MetricRegistry): Expose {
  const names = new Map<{ name: string }, string>();
  const classic = new Registry();
  /** Of the metrics that are new: the application makes some of its own. */
  const rememberNames = () => {
    for (const metric of registry.getMetricsAsArray()) {
      if (names.has(metric)) continue;
      names.set(metric, metric.name);
      classic.registerMetric(metric as unknown as Metric);
    }
  };
  return async (accept) => {
    rememberNames();
    for (const [metric, name] of names) metric.name = name;
    const format = wantsOpenMetrics(accept) ? registry : classic;
    return { contentType: format.contentType, body: await format.metrics() };
  };
}
