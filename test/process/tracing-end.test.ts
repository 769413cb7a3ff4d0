import { readdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { startOwnService } from '../harness/own-service.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { newFolder } from '../support/folder.ts';
import type { SentSpan } from '../support/otlp.ts';
import { type OtlpReceiver, otlpReceiver } from '../support/otlp-receiver.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

function start(collector: Pick<OtlpReceiver, 'url'>, env: Record<string, string> = {}): ServiceProcess {
  return startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env }, FIXTURE);
}

const answered = ({ spans }: OtlpReceiver) => spans.filter(({ kind }) => kind === 'SERVER').length;

describe('a collector', () => {
  test('gets the span of every request that was answered, also where a batch is on its way at the signal', async () => {
    let refuse = () => undefined as void;
    const refused = new Promise<number>((resolve) => (refuse = () => resolve(503)));
    let come = () => undefined as void;
    const came = new Promise<void>((resolve) => (come = resolve));
    const collector = await otlpReceiver({
      before: async (nth) => {
        come();
        return nth === 1 ? refused : undefined;
      },
    });
    const service = start(collector);
    const url = await service.url;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    own(() => agent.destroy());
    // A batch is 512 spans.
    await Promise.all(Array.from({ length: 600 }, async () => get(`${url}/echo/x`, { agent })));
    await came;
    agent.destroy();
    const last = get(`${url}/slow?ms=300`);
    await leave(service);
    expect((await last).status).toBe(200);
    await service.line({ state: 'cleanup' });
    refuse(); // it comes again, a second later
    const { code, report } = await reportOf(service);

    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime.answered).toBe(601);
    expect(answered(collector)).toBe(601);
  });

  test('that takes a second is waited for', async () => {
    const collector = await otlpReceiver({
      before: async () => new Promise((resolve) => setTimeout(() => resolve(undefined), 1000)),
    });
    const service = start(collector);
    await get(`${await service.url}/echo/x`);
    await leave(service);
    const { code, report } = await reportOf(service);

    expect(code).toBe(0);
    expect(report.hooks).toMatchObject([{ name: 'tracing', result: 'ok' }]);
    expect(answered(collector)).toBe(1);
  });

  test.each([
    [
      'hangs',
      async () => new Promise<undefined>(() => undefined),
      'did not take the last spans within 2000 ms',
    ],
    ['refuses', async () => 400, 'spans were not delivered: Bad Request'],
  ])('that %s costs its budget at most, and no exit code', async (_what, before, why) => {
    const collector = await otlpReceiver({ before });
    const service = start(collector);
    await get(`${await service.url}/echo/x`);
    await leave(service);
    const hook = await service.line({ event: 'hook', hook: 'tracing' });
    const { code, report } = await reportOf(service);

    expect(code).toBe(0);
    expect(report).toMatchObject({ outcome: 'clean', hooks: [{ name: 'tracing', result: 'error' }] });
    expect(report.ms.cleanup).toBeLessThan(4000);
    expect(hook['err']).toMatchObject({ message: expect.stringContaining(why) });
  });

  test('that is not there is said once, and counted', async () => {
    const service = start({ url: 'http://127.0.0.1:9' }, { OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
    const url = await service.url;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    own(() => agent.destroy());
    await Promise.all(Array.from({ length: 600 }, async () => get(`${url}/echo/x`, { agent })));
    const line = await service.line({ event: 'tracing' });
    const metrics = (await get(`${await service.management}/metrics`)).body;
    agent.destroy();
    await leave(service);
    const { code } = await reportOf(service);

    expect(line).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(/^traces are lost: .*ECONNREFUSED/),
    });
    expect(service.lines.filter(({ event }) => event === 'tracing')).toHaveLength(1);
    expect(metrics).toMatch(/^tracing_spans_total\{result="failed"\} [1-9]/m);
    expect(code).toBe(0);
  });
});

describe('the shutdown', () => {
  test('is a trace: a span for each phase, and below it for each listener and hook', async () => {
    const collector = await otlpReceiver();
    const service = start(collector, {
      FIXTURE: 'good,throwing',
      SHUTDOWN_SCRAPE_WAIT: '300ms',
      OTEL_TRACES_SAMPLER: 'always_off',
    });
    await get(`${await service.url}/echo/x`);
    const scraper = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' }; // who says so is waited for
    await get(`${await service.management}/metrics`, { headers: scraper });
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);

    expect(code).toBe(81);
    const root = await collector.span({ name: 'shutdown' });
    expect(root).toMatchObject({
      parentId: '',
      kind: 'INTERNAL',
      status: 'ERROR',
      message: 'hook-failed',
      attributes: {
        'lastcall.shutdown.reason': 'SIGTERM',
        'lastcall.shutdown.outcome': 'hook-failed',
        'process.exit.code': 81,
      },
    });
    const below = (parent: SentSpan | undefined) =>
      collector.spans
        .filter(({ traceId, parentId }) => traceId === root.traceId && parentId === parent?.id)
        .sort((a, b) => a.end - b.end); // when they began is counted back from there, in whole milliseconds
    const [window, drain, cleanup, scrape, ...rest] = below(root);
    expect([window, drain, cleanup, scrape, ...rest].map((span) => span?.name)).toEqual([
      'window',
      'drain',
      'cleanup',
      'final scrape',
    ]);
    expect(below(drain)).toMatchObject([
      { name: 'listener http', attributes: { 'lastcall.result': 'closed' } },
    ]);
    expect(below(cleanup)).toMatchObject([
      { name: 'hook throwing', status: 'ERROR', events: [{ name: 'exception' }] },
      { name: 'hook good', status: 'UNSET' },
      { name: 'hook tracing', status: 'UNSET' },
    ]);
    // One phase begins where the one before it has ended.
    for (const [earlier, later] of [
      [window, drain],
      [drain, cleanup],
      [cleanup, scrape],
    ]) {
      expect(later?.start).toBeGreaterThanOrEqual((earlier?.end ?? Infinity) - 1);
    }
    // To within the milliseconds of two clocks.
    expect((window?.end ?? 0) - (window?.start ?? 0)).toBeGreaterThanOrEqual(report.ms.window - 3);
    expect(root.end).toBeGreaterThanOrEqual(scrape?.end ?? Infinity);
  });

  test('of a process that crashed has a trace, and so has its last request', async () => {
    const collector = await otlpReceiver();
    const service = start(collector);
    expect((await get(`${await service.url}/crash`)).body).toBe('bye');
    const { code } = await reportOf(service);

    expect(code).toBe(1);
    expect(answered(collector)).toBe(1);
    expect(await collector.span({ name: 'shutdown' })).toMatchObject({
      status: 'ERROR',
      message: 'boom',
      attributes: { 'lastcall.shutdown.reason': 'uncaughtException', 'process.exit.code': 1 },
    });
  });

  test('of a process that is not in time has no trace, and none that is wrong', async () => {
    const collector = await otlpReceiver();
    const service = start(collector, { FIXTURE: 'hung', SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0' });
    await service.url;
    service.kill('SIGTERM');
    await service.line({ state: 'cleanup' });
    for (const ms of [0, 200]) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      service.kill('SIGINT');
    }
    const { report } = await reportOf(service);

    expect(report.outcome).toBe('forced');
    expect(collector.spans.filter(({ name }) => name === 'shutdown')).toEqual([]);
  });
});

/** What a process has loaded of OpenTelemetry, as V8 says at its end. */
async function packagesOf(env: Record<string, string>): Promise<string[]> {
  const folder = newFolder();
  const service = startOwnService({ ...env, NODE_V8_COVERAGE: folder });
  await get(await service.url);
  await leave(service);
  await service.ended;
  const scripts = readdirSync(folder).flatMap(
    (name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] }).result,
  );
  const names = scripts.map(({ url }) => /\/node_modules\/@opentelemetry\/([^/]+)\//.exec(url)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined);
}

test.each([
  ['without a collector', {}],
  [
    'where the SDK is disabled',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
  ],
  [
    'without an exporter',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_EXPORTER: 'none' },
  ],
])('nothing of OpenTelemetry is loaded %s, but its API, which prom-client has', async (_what, env) => {
  expect(await packagesOf(env)).toEqual(['api']);
});

test('with a collector, it is', async () => {
  const { url } = await otlpReceiver();

  expect(await packagesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual(
    expect.arrayContaining(['api', 'sdk-trace', 'exporter-trace-otlp-proto']),
  );
});
