import { createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { get, inFlight, probe } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { leave, reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { PACKAGE_NAME } from '../support/names.ts';
import { type OtlpReceiver, otlpReceiver, type ReceiverOptions } from '../support/otlp-receiver.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SAMPLED = { traceparent: `00-${TRACE}-${PARENT}-01` };
const NOT_SAMPLED = { traceparent: `00-${TRACE}-${PARENT}-00` };

interface Traced {
  collector: OtlpReceiver;
  service: ServiceProcess;
  url: string;
  /** Ends it, so that all has been delivered. */
  end: () => ReturnType<typeof reportOf>;
}

/** The service and its collector. */
async function traced(env: Record<string, string> = {}, options: ReceiverOptions = {}): Promise<Traced> {
  const collector = await otlpReceiver(options);
  const service = startService(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: options.protocol ?? 'http/protobuf',
      ...env,
    },
    { entry: 'test/process/traced.mjs' },
  );
  const end = async () => {
    await leave(service);
    return reportOf(service);
  };
  return { collector, service, url: await service.url, end };
}

const requestsOf = ({ spans }: OtlpReceiver) => spans.filter(({ kind }) => kind === 'SERVER');

test.each(['http/protobuf', 'grpc'] as const)('a request is a span, over %s', async (protocol) => {
  const env = {
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=the%20shop',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    SERVICE_VERSION: '1.2.3',
    POD_NAME: 'shop-1',
    TRUST_PROXY: 'loopback',
  };
  const { collector, url, end } = await traced(env, { protocol });
  const headers = {
    ...SAMPLED,
    'User-Agent': 'browser/1',
    'X-Forwarded-For': '192.0.2.7',
    'X-Forwarded-Proto': 'https',
    Host: 'shop.example:8443',
  };
  await get(`${url}/echo/a?b=1&token=tiger`, { headers });
  const { code, report } = await end();

  expect(requestsOf(collector)).toMatchObject([
    {
      name: 'GET /echo/*path',
      traceId: TRACE,
      parentId: PARENT,
      status: 'UNSET',
      events: [],
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/echo/*path',
        'http.response.status_code': 200,
        'url.scheme': 'https',
        'url.path': '/echo/a',
        'url.query': 'b=1&token=***',
        'server.address': 'shop.example',
        'server.port': 8443,
        'client.address': '192.0.2.7',
        'network.peer.address': '127.0.0.1',
        'network.protocol.version': '1.1',
        'user_agent.original': 'browser/1',
      },
      resource: {
        'service.name': PACKAGE_NAME,
        'service.version': '1.2.3',
        'service.instance.id': 'shop-1',
        'deployment.environment.name': 'test',
        'telemetry.sdk.name': 'opentelemetry',
      },
    },
  ]);
  expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'the shop' });
  expect(code).toBe(0);
  expect(report.hooks).toMatchObject([{ name: 'tracing', result: 'ok' }]);
});

test('the span of a request begins when its headers have come, and ends with its answer', async () => {
  const { collector, url, end } = await traced();
  const before = Date.now();
  await get(`${url}/slow?ms=300`);
  await end();
  const { start = 0, end: ended = 0 } = requestsOf(collector)[0] ?? {};

  expect(start).toBeGreaterThanOrEqual(before - 10); // its clock is a monotonic one
  expect(ended - start).toBeGreaterThanOrEqual(299);
});

test('traces may have a collector and headers of their own', async () => {
  const collector = await otlpReceiver();
  const service = startService({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-a=1,x-b=1',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-b=2',
  });
  await get(`${await service.url}/echo/x`);
  await leave(service);
  await reportOf(service);

  expect(requestsOf(collector)).toHaveLength(1);
  expect(collector.headers[0]).toMatchObject({ 'x-a': '1', 'x-b': '2' });
});

test('probes and scrapes are no spans', async () => {
  const { collector, service, end } = await traced();
  const management = await service.management;
  for (const path of ['/readyz', '/livez', '/metrics', '/lifecycle'])
    expect(await probe(management, path)).toBe(200);
  await end();

  expect(requestsOf(collector)).toEqual([]);
});

test('an error says which; what the client has done wrong is none', async () => {
  const { collector, url, end } = await traced();
  for (const path of ['/fails', '/nowhere']) await get(`${url}${path}`);
  await get(`${url}/echo/x`, { method: 'PROPFIND' });
  await end();

  expect(requestsOf(collector)).toMatchObject([
    {
      name: 'GET /fails',
      status: 'ERROR',
      attributes: { 'http.response.status_code': 500, 'error.type': 'TypeError' },
      events: [
        { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'no luck' } },
      ],
    },
    { name: 'GET', status: 'UNSET', attributes: { 'http.response.status_code': 404 } },
    {
      name: 'HTTP /echo/*path',
      status: 'UNSET',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' },
    },
  ]);
  expect(requestsOf(collector)[1]?.attributes).not.toHaveProperty('http.route');
});

test('an error that refuses to be read is one all the same, and nothing else happens', async () => {
  const { collector, url, end } = await traced();
  expect((await get(`${url}/refuses`)).status).toBe(500);
  const { code } = await end();

  expect(code).toBe(0);
  expect(requestsOf(collector)).toMatchObject([{ status: 'ERROR', attributes: { 'error.type': 'Error' } }]);
});

test('what never gets to the application is a span, too', async () => {
  const { collector, service, url, end } = await traced({ MAX_CONCURRENT_REQUESTS: '1' });
  const slow = get(`${url}/slow?ms=400`);
  await inFlight(await service.management, 1, slow);
  expect((await get(`${url}/echo/x`)).status).toBe(503);
  await slow;
  const { report } = await end();

  expect(requestsOf(collector)).toMatchObject([
    { name: 'GET', status: 'ERROR', attributes: { 'http.response.status_code': 503, 'error.type': '503' } },
    { name: 'GET /slow' },
  ]);
  expect(report.listeners[0]?.requests.lifetime.answered).toBe(2);
});

test('a request that is cut ends its span with the state in which it was', async () => {
  const { collector, service, url } = await traced({ SHUTDOWN_DRAIN_TIMEOUT: '100ms' });
  const cut = get(`${url}/slow?ms=60000`);
  cut.catch(() => undefined);
  await inFlight(await service.management, 1, cut);
  service.kill('SIGTERM');
  const { code } = await reportOf(service);

  expect(code).toBe(80);
  expect(requestsOf(collector)).toMatchObject([
    {
      name: 'GET /slow',
      status: 'ERROR',
      message: 'cut while draining',
      attributes: { 'error.type': 'cut', 'lastcall.state': 'draining', 'lastcall.request.outcome': 'cut' },
    },
  ]);
});

describe('a log line', () => {
  test('has the trace and the span of its request, whichever logger writes it', async () => {
    const { collector, service, url, end } = await traced();
    const body = 'as it should be';
    const headers = { ...SAMPLED, 'Content-Length': body.length };
    const req = request(`${url}/notes`, { method: 'POST', headers });
    req.flushHeaders();
    await inFlight(await service.management, 1);
    req.end(body); // from here on, what emits it is the connection
    await once(req, 'response');
    const note = await service.line({ event: 'note' });
    const line = await service.line({ event: 'request' });
    await end();
    const [span] = requestsOf(collector);

    expect(note).toMatchObject({ trace_id: TRACE, span_id: span?.id, msg: 'as it should be' });
    expect(line).toMatchObject({ trace_id: TRACE, span_id: span?.id });
    expect(service.lines.find(({ event }) => event === 'shutdown')).not.toHaveProperty('trace_id');
  });

  test('has those of a request that brings none', async () => {
    const { collector, service, url, end } = await traced();
    await get(`${url}/echo/x`);
    const line = await service.line({ event: 'request' });
    await end();

    expect(requestsOf(collector)).toMatchObject([
      { traceId: line['trace_id'], id: line['span_id'], parentId: '' },
    ]);
  });
});

describe('of what is not sampled', () => {
  test('nothing is delivered, but what fails and what is slow', async () => {
    const { collector, service, url, end } = await traced({ TRACING_SLOW_REQUESTS: '300ms' });
    await get(`${url}/echo/fine`, { headers: NOT_SAMPLED });
    await get(`${url}/fails`, { headers: NOT_SAMPLED });
    await get(`${url}/slow?ms=400`, { headers: NOT_SAMPLED });
    const metrics = await (
      await fetch(`${await service.management}/metrics`, {
        headers: { Accept: 'application/openmetrics-text' },
      })
    ).text();
    await end();

    expect(requestsOf(collector)).toMatchObject([
      { name: 'GET /fails', parentId: PARENT, attributes: { 'lastcall.kept': 'failed' } },
      { name: 'GET /slow', parentId: PARENT, attributes: { 'lastcall.kept': 'slow' } },
    ]);
    // An exemplar leads to a trace that is there.
    const exemplars = metrics.split('\n').filter((line) => line.includes(TRACE));
    const routes = exemplars.map((line) => /http_route="([^"]*)"/.exec(line)?.[1]);
    expect(new Set(routes)).toEqual(new Set(['/fails', '/slow']));
  });

  test('nothing at all is delivered, if nobody wants that', async () => {
    const { collector, url, end } = await traced({ TRACING_SLOW_REQUESTS: 'none' });
    await get(`${url}/fails`, { headers: NOT_SAMPLED });
    await end();

    expect(requestsOf(collector)).toEqual([]);
  });
});

/** Somebody who is asked, and what he was asked with. */
async function target(answer: (nth: number) => number | undefined = () => 200) {
  const seen: Record<string, unknown>[] = [];
  const server = createServer((req, res) => {
    seen.push(req.headers);
    const status = answer(seen.length);
    if (status === undefined) req.socket.destroy();
    else res.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('a request to another service', () => {
  test('is a child of the request that it is for, by the gateway and by fetch, and says so', async () => {
    const { seen, url: other } = await target();
    const { collector, url, end } = await traced({ GATEWAY_TARGETS: `/away=${other}/base` });
    const headers = { ...SAMPLED, baggage: 'shop=7' };
    await get(`${url}/away/x?y=1`, { headers });
    await get(`${url}/calls?url=${encodeURIComponent(`${other}/prices`)}`, { headers });
    await end();

    const spanOf = (kind: string, nth: number) => collector.spans.filter((span) => span.kind === kind)[nth];
    expect(seen).toHaveLength(2);
    for (const nth of [0, 1]) {
      const [outer, inner] = [spanOf('SERVER', nth), spanOf('CLIENT', nth)];
      expect(outer).toMatchObject({ traceId: TRACE, parentId: PARENT });
      expect(inner).toMatchObject({ traceId: TRACE, parentId: outer?.id, name: 'GET', status: 'UNSET' });
      expect(inner?.attributes).toMatchObject({
        'http.response.status_code': 200,
        'url.full': nth === 0 ? `${other}/base/away/x?y=1` : `${other}/prices`,
        'server.address': '127.0.0.1',
      });
      expect(seen[nth]).toMatchObject({ traceparent: `00-${TRACE}-${inner?.id}-01`, baggage: 'shop=7' });
    }
  });

  test('by the gateway is a span for each try', async () => {
    const { url: other } = await target((nth) => (nth === 1 ? undefined : 503));
    const { collector, url, end } = await traced({ GATEWAY_TARGETS: `/away=${other}` });
    expect((await get(`${url}/away`, { headers: SAMPLED })).status).toBe(503);
    await end();
    const tries = collector.spans.filter(({ kind }) => kind === 'CLIENT');
    const [outer] = requestsOf(collector);

    expect(tries).toMatchObject([
      { parentId: outer?.id, status: 'ERROR', attributes: { 'error.type': 'ECONNRESET' } },
      { parentId: outer?.id, status: 'ERROR', attributes: { 'error.type': '503' } },
    ]);
  });

  test('by the gateway says what went wrong', async () => {
    const gone = await target();
    gone.server.close();
    const hung = await target(() => 200);
    hung.server.removeAllListeners('request');
    const { collector, url, end } = await traced({
      GATEWAY_TARGETS: `/gone=${gone.url},/hung=${hung.url}`,
      GATEWAY_TIMEOUT: '200ms',
    });
    expect((await get(`${url}/hung`)).status).toBe(504);
    expect((await get(`${url}/gone`)).status).toBe(502);
    await end();
    const errors = collector.spans
      .filter(({ kind }) => kind === 'CLIENT')
      .map(({ attributes }) => attributes['error.type']);

    expect(errors).toEqual(['timeout', 'ECONNREFUSED', 'ECONNREFUSED']);
  });

  test('is a child of the caller where it is a WebSocket', async () => {
    const { server, url: other } = await target();
    const sockets = new WebSocketServer({ server });
    const asked = once(sockets, 'connection');
    const { collector, url, end } = await traced({ GATEWAY_TARGETS: `/away=${other}` });
    const client = new WebSocket(`${url.replace('http', 'ws')}/away`, { headers: SAMPLED });
    const [, req] = (await asked) as [WebSocket, { headers: Record<string, string> }];
    await once(client, 'open');
    client.close();
    await end();
    const [span] = collector.spans.filter(({ kind }) => kind === 'CLIENT');

    expect(span).toMatchObject({ traceId: TRACE, parentId: PARENT });
    expect(span?.attributes).toMatchObject({ 'http.response.status_code': 101 });
    expect(req.headers['traceparent']).toBe(`00-${TRACE}-${span?.id}-01`);
  });

  test('passes nothing on that is not ours to say', async () => {
    const { seen, url: other } = await target();
    const { collector, url, end } = await traced({
      GATEWAY_TARGETS: `/away=${other}`,
      OTEL_PROPAGATORS: 'none',
    });
    await get(`${url}/away`, { headers: { ...SAMPLED, tracestate: 'a=1', baggage: 'b=2' } });
    await end();

    for (const name of ['traceparent', 'tracestate', 'baggage']) expect(seen[0]).not.toHaveProperty(name);
    expect(collector.spans.filter(({ kind }) => kind === 'CLIENT')).toHaveLength(1);
  });
});
