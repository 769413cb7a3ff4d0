import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client';

/** The only one of prom-client's registries that takes a metric with exemplars. */
export type MetricRegistry = Registry<OpenMetricsContentType>;

/** OpenTelemetry's advice for http.server.request.duration. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** One series of a gauge that has labels. */
export interface Sample<L extends string> {
  labels: Record<L, string>;
  value: number;
}

/** A metric that can't be made. `METRIC_NAME`: its name is taken, by the engine or by another feature. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
  readonly code = 'METRIC_NAME';
}

/**
 * Makes metrics of the application. What they return is prom-client's own. Each value of a label is a series of its own,
 * for as long as the process lives: labels must have few values, never an id or a path.
 */
export interface MetricFactory {
  /**
   * @param name ends in `_total`
   * @throws MetricError `METRIC_NAME`
   */
  counter<const L extends string = never>(name: string, help: string, labelNames?: readonly L[]): Counter<L>;
  /**
   * @param buckets upper bounds, ascending; by default those of the request duration, in seconds
   * @throws MetricError `METRIC_NAME`
   */
  histogram<const L extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
  /**
   * @param read called at each scrape: a number or, if there are labels, every series that there is now
   * @throws MetricError `METRIC_NAME`
   */
  gauge(name: string, help: string, read: () => number): void;
  gauge<const L extends string>(
    name: string,
    help: string,
    read: () => Sample<L>[],
    labelNames: readonly L[],
  ): void;
  /** For whatever else prom-client has: `new Summary({ name, help, registers: [metrics.registry] })`. */
  readonly registry: MetricRegistry;
}

export function metricFactory(registry: MetricRegistry): MetricFactory {
  /** What every metric has; prom-client's own error for a name that is taken has no code. */
  const common = <L extends string>(name: string, help: string, labelNames: readonly L[]) => {
    if (registry.getSingleMetric(name) !== undefined) {
      throw new MetricError(`metric "${name}" is registered already`);
    }
    return { name, help, labelNames, registers: [registry] };
  };
  return {
    registry,
    counter: (name, help, labelNames = []) => new Counter(common(name, help, labelNames)),
    histogram: (name, help, labelNames = [], buckets = DURATION_BUCKETS) =>
      new Histogram({ ...common(name, help, labelNames), buckets: [...buckets] }),
    gauge(
      name: string,
      help: string,
      read: () => number | Sample<string>[],
      labelNames: readonly string[] = [],
    ) {
      new Gauge({
        ...common(name, help, labelNames),
        collect() {
          const now = read();
          this.reset(); // a series that is gone is not shown with what it was
          if (typeof now === 'number') this.set(now);
          else for (const { labels, value } of now) this.set(labels, value);
        },
      });
    },
  };
}
