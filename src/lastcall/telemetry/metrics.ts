import type { Config } from '../config/schema.ts';
import type { Drainable } from '../lifecycle/drainable.ts';
import type { Health } from '../lifecycle/health.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { type Expose, exposition, openMetricsRegistry } from './exposition.ts';
import { healthMetrics } from './health-metrics.ts';
import {
  type CountRefusals,
  listenerMetrics,
  type ObserveRequest,
  refusalMetrics,
  requestMetric,
  shedMetric,
} from './http-metrics.ts';
import { metricFactory, type MetricFactory } from './metric-factory.ts';
import { buildMetric, logMetric, processMetrics } from './process-metrics.ts';
import { drainMetrics, eventMetrics, phaseMetrics } from './shutdown-metrics.ts';

export { type MetricFactory } from './metric-factory.ts';

export interface Metrics extends MetricFactory {
  expose: Expose;
  observeRequest: ObserveRequest;
  /** Of a listener, by its name. */
  refusalsOf: (listener: string) => CountRefusals;
}

export interface Measured {
  service: Config['service'];
  lifecycle: Lifecycle;
  /** May still become more. */
  listeners: Drainable[];
  hookNames: () => string[];
  health: Health;
  droppedLines: () => number;
}

/**
 * Everything that is measured, in a registry of its own. Every series of the shutdown exists with 0 from the start, and
 * the order of the subjects is that of the page.
 */
export function createMetrics(measured: Measured): Metrics {
  const { service, lifecycle, listeners, hookNames, health, droppedLines } = measured;
  const registry = openMetricsRegistry();

  processMetrics(registry);
  buildMetric(registry, service);
  const observeRequest = requestMetric(registry);
  shedMetric(registry);
  listenerMetrics(registry, listeners);
  const refusalsOf = refusalMetrics(registry);
  phaseMetrics(registry, lifecycle);
  drainMetrics(registry, listeners);
  eventMetrics(registry, lifecycle, hookNames);
  healthMetrics(registry, health);
  logMetric(registry, droppedLines);
  return { ...metricFactory(registry), expose: exposition(registry), observeRequest, refusalsOf };
}
