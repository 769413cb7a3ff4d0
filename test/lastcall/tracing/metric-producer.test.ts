import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { Counter, Gauge, Histogram, Summary } from 'prom-client';
import { expect, test } from '@jest/globals';
import { exposition, openMetricsRegistry } from '../../../src/lastcall/telemetry/exposition.ts';
import { RegistryProducer } from '../../../src/lastcall/tracing/metric-producer.ts';

/** A registry with one metric of each kind, all of them read once before. */
function everyKind() {
  const registry = openMetricsRegistry();
  const registers = [registry];
  const counter = new Counter({
    name: 'orders_total',
    help: 'Orders.',
    labelNames: ['kind', 'shop'],
    registers,
  });
  counter.inc({ kind: 'new', shop: '' }, 2);
  counter.inc({ kind: 'old', shop: 'a' });
  new Gauge({ name: 'queue_length', help: 'Jobs.', registers }).set(-3.5);
  const histogram = new Histogram({
    name: 'wait_seconds',
    help: 'Waits.',
    labelNames: ['kind'],
    buckets: [0.1, 1],
    registers,
  });
  for (const wait of [0.05, 0.5, 0.6, 7]) histogram.observe({ kind: 'new' }, wait);
  histogram.observe({ kind: 'old' }, 1);
  const summary = new Summary({ name: 'size_bytes', help: 'Sizes.', percentiles: [0.5], registers });
  for (const size of [1, 2, 3]) summary.observe(size);
  return registry;
}

async function collected(registry = everyKind()) {
  const { resourceMetrics, errors } = await new RegistryProducer(
    registry,
    resourceFromAttributes({ 'service.name': 'shop' }),
  ).collect();
  return { metrics: resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics), errors };
}

const shown = ({ descriptor, dataPoints, dataPointType }: MetricData) => ({
  name: descriptor.name,
  help: descriptor.description,
  type: DataPointType[dataPointType],
  points: dataPoints.map(({ attributes, value }) => [attributes, value]),
});

test('every metric has the name, the series and the values that it has for Prometheus', async () => {
  const { metrics } = await collected();

  expect(metrics.map(shown)).toEqual([
    {
      name: 'orders_total',
      help: 'Orders.',
      type: 'SUM',
      points: [
        [{ kind: 'new' }, 2], // to Prometheus, a label without a value is none
        [{ kind: 'old', shop: 'a' }, 1],
      ],
    },
    { name: 'queue_length', help: 'Jobs.', type: 'GAUGE', points: [[{}, -3.5]] },
    {
      name: 'wait_seconds',
      help: 'Waits.',
      type: 'HISTOGRAM',
      points: [
        [
          { kind: 'new' },
          { buckets: { boundaries: [0.1, 1], counts: [1, 2, 1] }, sum: expect.closeTo(8.15), count: 4 },
        ],
        [{ kind: 'old' }, { buckets: { boundaries: [0.1, 1], counts: [0, 1, 0] }, sum: 1, count: 1 }],
      ],
    },
    { name: 'size_bytes', help: 'Sizes.', type: 'GAUGE', points: [[{ quantile: 0.5 }, 2]] },
    { name: 'size_bytes_sum', help: 'Sizes.', type: 'GAUGE', points: [[{}, 6]] },
    { name: 'size_bytes_count', help: 'Sizes.', type: 'GAUGE', points: [[{}, 3]] },
  ]);
});

test('it has the same names after Prometheus has read them in either format', async () => {
  const registry = everyKind();
  const before = (await collected(registry)).metrics.map(shown);
  await exposition(registry)('application/openmetrics-text;version=1.0.0');
  await registry.metrics(); // prom-client's own, which takes `_total` off

  expect((await collected(registry)).metrics.map(shown)).toEqual(before);
});

test('a metric that can not be read takes no other with it', async () => {
  const registry = everyKind();
  const collect = () => {
    throw new Error('no luck');
  };
  new Gauge({ name: 'faulty', help: 'Fails.', collect, registers: [registry] });
  const { metrics, errors } = await collected(registry);

  expect(errors).toEqual([new Error('no luck')]);
  expect(metrics).toHaveLength(6);
});
