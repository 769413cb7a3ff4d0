import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricRegistry } from '../telemetry/metric-factory.ts';

/** What a metric of prom-client is when it is read, and the series that it then has. */
interface Reading {
  name: string;
  help: string;
  type: string;
  values: Series[];
}
interface Series {
  /** Where it is not that of the metric: `…_bucket`, `…_sum`, `…_count`. */
  metricName?: string;
  labels: Partial<Record<string, string | number>>;
  value: number;
}

/** Since when everything is counted, and when it was read. */
interface Times {
  startTime: HrTime;
  endTime: HrTime;
}

const CUMULATIVE = { aggregationTemporality: AggregationTemporality.CUMULATIVE };

/**
 * Reads the metrics that there are for OpenTelemetry: those of `/metrics`, under the same names, with labels as attributes.
 * Nothing is counted a second time.
 */
export class RegistryProducer implements MetricProducer {
  readonly #registry: MetricRegistry;
  readonly #resource: Resource;

  constructor(registry: MetricRegistry, resource: Resource) {
    this.#registry = registry;
    this.#resource = resource;
  }

  async collect(): Promise<CollectionResult> {
    const metrics = this.#registry.getMetricsAsArray() as unknown as { get: () => Promise<Reading> }[];
    const readings = await Promise.allSettled(metrics.map(async (metric) => metric.get()));
    const times = { startTime: millisToHrTime(performance.timeOrigin), endTime: hrTime() };
    const read = readings.flatMap((one) => (one.status === 'fulfilled' ? metricsOf(one.value, times) : []));
    const errors = readings.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const scopeMetrics = [{ scope: { name: 'lastcall' }, metrics: read }];
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors };
  }
}

function metricsOf({ name, help, type, values }: Reading, times: Times): MetricData[] {
  const about = (called: string) => ({
    ...CUMULATIVE,
    descriptor: { name: called, description: help, unit: '', valueType: ValueType.DOUBLE },
  });
  const point = ({ labels, value }: Series) => ({ ...times, attributes: attributesOf(labels), value });
  if (type === 'histogram') {
    const dataPoints = [...histogramsOf(values, times)];
    return [{ ...about(name), dataPointType: DataPointType.HISTOGRAM, dataPoints }];
  }
  if (type === 'counter') {
    // prom-client takes the end off for OpenMetrics, for good: exposition.ts.
    const called = `${name.replace(/_total$/, '')}_total`;
    const dataPoints = values.map(point);
    return [{ ...about(called), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }];
  }
  // A summary is several of them, because OpenTelemetry would have other names for what it is made of.
  const names = new Set(values.map(({ metricName = name }) => metricName));
  return [...names].map((called) => {
    const series = values.filter(({ metricName = name }) => metricName === called);
    return { ...about(called), dataPointType: DataPointType.GAUGE, dataPoints: series.map(point) };
  });
}

/** Of buckets that are each the sum of those before, in the order of their bounds, with their sum and count behind them. */
function* histogramsOf(values: Series[], times: Times): Generator<DataPoint<Histogram>> {
  let [boundaries, counts, sum, below]: [number[], number[], number, number] = [[], [], 0, 0];
  for (const { metricName = '', labels, value } of values) {
    if (metricName.endsWith('_bucket')) {
      if (labels['le'] !== '+Inf') boundaries.push(Number(labels['le']));
      counts.push(value - below);
      below = value;
    } else if (metricName.endsWith('_sum')) {
      sum = value;
    } else {
      const histogram = { buckets: { boundaries, counts }, sum, count: value };
      yield { ...times, attributes: attributesOf(labels), value: histogram };
      [boundaries, counts, sum, below] = [[], [], 0, 0];
    }
  }
}

/** To Prometheus, a label that says nothing is none. */
function attributesOf(labels: Series['labels']): Attributes {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}
