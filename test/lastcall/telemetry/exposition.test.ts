import { beforeEach, describe, expect, test } from '@jest/globals';
import { Histogram, type Metric, Registry, Summary } from 'prom-client';
import { exposition, type Expose, openMetricsRegistry } from '../../../src/lastcall/telemetry/exposition.ts';
import {
  metricFactory,
  type MetricFactory,
  type MetricRegistry,
} from '../../../src/lastcall/telemetry/metric-factory.ts';

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';
/** More than are written between two turns of the event loop, and no multiple of that. */
const MANY = 1234;

let registry: MetricRegistry;
let metrics: MetricFactory;
let expose: Expose;
beforeEach(() => {
  registry = openMetricsRegistry();
  metrics = metricFactory(registry);
  expose = exposition(registry);
});

/** What prom-client makes of the same metrics. */
async function byPromClient(accept: string): Promise<string> {
  if (accept === OPENMETRICS) return registry.metrics();
  const classic = new Registry();
  for (const metric of registry.getMetricsAsArray()) classic.registerMetric(metric as unknown as Metric);
  return classic.metrics();
}

describe.each([OPENMETRICS, 'text/plain'])('as %s, the metrics', (accept) => {
  test('are what prom-client writes, byte for byte', async () => {
    metrics.counter('none_total', 'No series.', ['a']);
    metrics.counter('plain_total', 'A \\ and\na line.').inc(3);
    metrics.gauge('infinite', 'More than all.', () => Infinity);
    metrics.gauge('many', 'x', () => series(MANY), ['nth']);
    const histogram = metrics.histogram('seconds', 'x', ['path'], [0.1, 1]);
    for (let nth = 0; nth < MANY; nth++) histogram.observe({ path: `/"${nth}"\\\n` }, nth / 100);
    new Summary({ name: 'summary', help: 'x', labelNames: ['a'], registers: [registry] }).observe(
      { a: 'b' },
      2,
    );
    const common = { help: 'x', registers: [registry] };
    new Histogram({ ...common, name: 'traced_seconds', enableExemplars: true }).observe({
      value: 0.3,
      exemplarLabels: { trace_id: 'abc' },
    });

    const { body } = await expose(accept);

    expect(body).toBe(await byPromClient(accept));
    expect(body).toBe((await expose(accept)).body);
  });

  test('are what they were when it was asked for them', async () => {
    const first = metrics.counter('first_total', 'x');
    metrics.gauge('many', 'x', () => series(MANY), ['nth']);
    const last = metrics.counter('last_total', 'x');
    first.inc(0);
    last.inc(0);

    const asked = expose(accept);
    setImmediate(() => {
      first.inc();
      last.inc();
    });

    const { body } = await asked;
    expect(body).toMatch(/^first_total 0$/m);
    expect(body).toMatch(/^last_total 0$/m);
    expect((await expose(accept)).body).toMatch(/^last_total 1$/m);
  });

  test('let others have their turn, the more often the more there are', async () => {
    metrics.gauge('many', 'x', () => series(MANY), ['nth']);
    let turns = 0;
    const turn = () => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);

    await expose(accept);
    clearImmediate(next);

    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

test('counters keep their names when the application has prom-client write them, too', async () => {
  metrics.counter('orders_total', 'x').inc();
  await expose();
  await registry.metrics();

  expect((await expose()).body).toMatch(/^orders_total 1$/m);
  expect((await expose(OPENMETRICS)).body).toMatch(/^# TYPE orders counter\norders_total 1$/m);
});

function series(count: number) {
  return Array.from({ length: count }, (_, nth) => ({ labels: { nth: String(nth) }, value: nth }));
}
