import { beforeEach, expect, test } from '@jest/globals';
import { Summary } from 'prom-client';
import { exposition, type Expose, openMetricsRegistry } from '../../../src/lastcall/telemetry/exposition.ts';
import {
  MetricError,
  metricFactory,
  type MetricFactory,
} from '../../../src/lastcall/telemetry/metric-factory.ts';

let metrics: MetricFactory;
let expose: Expose;

beforeEach(() => {
  const registry = openMetricsRegistry();
  metrics = metricFactory(registry);
  expose = exposition(registry);
});

/** The samples of the classic page, one a line. */
async function samples(): Promise<string[]> {
  const { body } = await expose();
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('a counter counts by its labels, and by one unless told otherwise', async () => {
  const orders = metrics.counter('orders_total', 'Orders.', ['result']);
  orders.inc({ result: 'placed' });
  orders.inc({ result: 'placed' }, 2);

  expect(await samples()).toEqual(['orders_total{result="placed"} 3']);
});

test('a histogram has the buckets of the request duration, or its own', async () => {
  metrics.histogram('a_seconds', 'A.').observe(0.3);
  metrics.histogram('b_items', 'B.', ['kind'], [1, 5]).observe({ kind: 'x' }, 3);

  const page = await samples();
  expect(page).toContain('a_seconds_bucket{le="0.25"} 0');
  expect(page).toContain('a_seconds_bucket{le="0.5"} 1');
  expect(page.filter((line) => line.startsWith('b_items'))).toEqual([
    'b_items_bucket{le="1",kind="x"} 0',
    'b_items_bucket{le="5",kind="x"} 1',
    'b_items_bucket{le="+Inf",kind="x"} 1',
    'b_items_sum{kind="x"} 3',
    'b_items_count{kind="x"} 1',
  ]);
});

test('a gauge is read at each scrape, with the series that there are then', async () => {
  let open = 1;
  let queues = ['a', 'b'];
  metrics.gauge('open', 'Open.', () => open);
  const read = () => queues.map((queue) => ({ labels: { queue }, value: 7 }));
  metrics.gauge('queued', 'Queued.', read, ['queue']);
  expect(await samples()).toEqual(['open 1', 'queued{queue="a"} 7', 'queued{queue="b"} 7']);

  open = 2;
  queues = ['b'];

  expect(await samples()).toEqual(['open 2', 'queued{queue="b"} 7']);
});

test('what has no function of its own is made in the registry', async () => {
  new Summary({ name: 'size', help: 'S.', percentiles: [0.5], registers: [metrics.registry] }).observe(3);

  expect(await samples()).toContain('size_count 1');
});

test.each<[string, (name: string) => unknown]>([
  ['counter', (name) => metrics.counter(name, 'x')],
  ['histogram', (name) => metrics.histogram(name, 'x')],
  ['gauge', (name) => metrics.gauge(name, 'x', () => 0)],
])('a %s with a name that is taken is an error with a code', async (_kind, make) => {
  metrics.counter('taken_total', 'Taken.');
  await expose('application/openmetrics-text'); // which renames counters

  expect(() => make('taken_total')).toThrow(
    expect.objectContaining({ code: 'METRIC_NAME', message: 'metric "taken_total" is registered already' }),
  );
  expect(() => make('taken_total')).toThrow(MetricError);
});
