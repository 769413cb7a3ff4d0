import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { leave, reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';
import { metricsReceiver } from '../support/otlp-metrics.ts';

const METRICS = { OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'none' };
/** Of a line in the classic format: its name, labels and value. */
const LINE = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/gm;
/** What goes on between two looks at it. */
const RESTLESS = /^(?:nodejs_|process_)/;

/** The series of an exposition, with the labels of each in alphabetical order. */
function seriesIn(exposition: string): Record<string, number> {
  return Object.fromEntries(
    [...exposition.matchAll(LINE)].map(([, name = '', labels = '', value = '']) => {
      const pairs = labels.match(/\w+="[^"]*"/g)?.filter((pair) => !pair.endsWith('=""')) ?? [];
      return [
        pairs.length === 0 ? name : `${name}{${pairs.sort().join(',')}}`,
        Number(value.replace('Inf', 'Infinity')),
      ];
    }),
  );
}

const atRest = (series: Record<string, number>) =>
  Object.fromEntries(Object.entries(series).filter(([name]) => !RESTLESS.test(name)));

describe('with OTEL_METRICS_EXPORTER=otlp', () => {
  test('the collector gets the series of /metrics, and no other', async () => {
    const collector = await metricsReceiver('http/protobuf');
    const service = startService({
      ...METRICS,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      POD_NAME: 'shop-1',
    });
    const url = await service.url;
    for (const path of ['/', '/echo/x', '/nowhere']) await get(`${url}${path}`);
    const { body } = await get(`${await service.management}/metrics`);
    const { length } = collector.exports;
    await until(() => collector.exports.length > length + 1); // one of them has begun after that
    const sent = collector.exports.at(-1)!;

    expect(atRest(sent.series)).toEqual(atRest(seriesIn(body)));
    const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
    expect(Object.fromEntries(types)).toMatchObject(sent.types); // some have no series yet
    expect(sent.resource).toMatchObject({ 'service.instance.id': 'shop-1' });
  });

  test.each(['http/protobuf', 'grpc'] as const)(
    'the last export, by %s, has what the report has',
    async (protocol) => {
      const collector = await metricsReceiver(protocol);
      const service = startService({
        ...METRICS,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      });
      await get(await service.url);
      const last = get(`${await service.url}/slow?ms=300`);
      await leave(service);
      expect((await last).status).toBe(200);
      const { code, report } = await reportOf(service);

      expect(code).toBe(0);
      const { series } = collector.exports.at(-1)!;
      const { served, drained } = report.listeners[0]!.requests;
      expect(series['shutdown_requests_total{listener="http",outcome="served"}']).toBe(served);
      expect(series['shutdown_requests_total{listener="http",outcome="drained"}']).toBe(drained);
      expect(served + drained).toBe(1);
      expect(series['shutdown_hooks_total{hook="metrics-export",result="ok"}']).toBe(1);
      expect(series['shutdown_phase_duration_seconds{phase="drain"}']).toBe(report.ms.drain / 1000);
    },
  );

  test('a collector that is not there costs no exit code, and is told once', async () => {
    const service = startService({
      ...METRICS,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', // discard: nobody listens on it
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    });
    await service.line({ event: 'tracing' });
    await leave(service);
    const { code, report } = await reportOf(service);

    expect(code).toBe(0);
    expect(report.hooks).toMatchObject([{ name: 'metrics-export', result: 'error' }]);
    const told = service.lines.filter(
      ({ event, msg }) => event === 'tracing' && msg.startsWith('metrics are lost'),
    );
    expect(told).toHaveLength(1);
  });
});

test('a collector gets no metrics that nobody has asked for', async () => {
  const collector = await metricsReceiver('http/protobuf');
  const service = startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await get(await service.url);
  await leave(service);
  await reportOf(service);

  expect(collector.exports).toEqual([]);
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}
