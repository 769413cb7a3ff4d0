import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Health } from '../../../src/lastcall/lifecycle/health.ts';
import { Hooks } from '../../../src/lastcall/lifecycle/hooks.ts';
import type { Lifecycle } from '../../../src/lastcall/lifecycle/lifecycle.ts';
import { Listener } from '../../../src/lastcall/listener/listener.ts';
import { createMetrics, type Metrics } from '../../../src/lastcall/telemetry/metrics.ts';
import { requestInFlight } from '../../harness/app.ts';
import { quickLifecycle, SETTINGS } from '../../support/lifecycle.ts';
import { sendRaw } from '../../harness/raw-client.ts';

let listener: Listener;
let lifecycle: Lifecycle;
let hooks: Hooks;
let health: Health;
let metrics: Metrics;
let ended: () => Promise<void>;
let dropped: number;

beforeEach(async () => {
  dropped = 0;
  listener = new Listener({
    name: 'http',
    host: '127.0.0.1',
    port: 0,
    keepAliveTimeoutMs: 5000,
    headersTimeoutMs: 5000,
    requestTimeoutMs: 5000,
    handler: (req, res) => {
      if (req.url !== '/hang')
        res.writeHead(req.url === '/broken' ? 500 : 200, { Connection: 'close' }).end('ok');
    },
  });
  hooks = new Hooks(4000);
  health = new Health({ timeoutMs: 100, intervalMs: 60_000 });
  lifecycle = quickLifecycle([listener], hooks);
  metrics = createMetrics({
    service: { name: 'my-shop', version: '1.2.3', revision: 'abc', pod: 'shop-1' },
    lifecycle,
    listeners: [listener],
    hookNames: () => hooks.names,
    health,
    droppedLines: () => dropped,
  });
  let tell: () => void = () => undefined;
  listener.onRequestEnd = (request) => {
    const { trace } = request.req.headers;
    if (typeof trace === 'string') {
      Object.assign(request.req, { traceId: 'a'.repeat(32), traceSampled: trace === 'sampled' });
    }
    metrics.observeRequest(request, '/route');
    tell();
  };
  ended = async () =>
    new Promise<void>((resolve) => {
      tell = resolve;
    });
});

afterEach(async () => {
  health.stop();
  await lifecycle.shutdown();
});

/** The samples whose line starts so: name and labels → value. */
async function samples(start: string): Promise<Record<string, number>> {
  const { body } = await metrics.expose();
  const lines = body.split('\n').filter((line) => line.startsWith(start));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('before anything happened', () => {
  test('every series of the shutdown is there with 0', async () => {
    hooks.add({ name: 'db', stop: () => undefined });

    const { shutdown_deadline_seconds: deadline, ...shutdown } = await samples('shutdown_');
    const limits = Object.keys(shutdown).filter((series) => series.startsWith('shutdown_phase_limit'));
    for (const series of limits) delete shutdown[series];
    expect(shutdown).toEqual(
      Object.fromEntries(
        [
          ...['window', 'drain', 'cleanup', 'final_scrape'].map(
            (phase) => `shutdown_phase_duration_seconds{phase="${phase}"}`,
          ),
          ...['window', 'drain', 'cleanup', 'final_scrape'].map(
            (phase) => `shutdown_loop_late_seconds{phase="${phase}"}`,
          ),
          ...['served', 'drained', 'aborted', 'cut', 'broken'].map(
            (outcome) => `shutdown_requests_total{listener="http",outcome="${outcome}"}`,
          ),
          ...['closed', 'idle', 'upgraded', 'cut', 'broken', 'refused', 'stalled', 'left'].map(
            (outcome) => `shutdown_connections_total{listener="http",outcome="${outcome}"}`,
          ),
          ...['ok', 'error', 'timeout'].map((result) => `shutdown_hooks_total{hook="db",result="${result}"}`),
          ...['SIGTERM', 'SIGINT'].map((signal) => `shutdown_signals_total{signal="${signal}"}`),
        ].map((series) => [series, 0]),
      ),
    );
    expect(deadline).toBe(15);
  });

  test('the limits of the phases are those of the settings', async () => {
    expect(await samples('shutdown_phase_limit_seconds')).toEqual({
      'shutdown_phase_limit_seconds{phase="window"}': SETTINGS.windowMaxMs / 1000,
      'shutdown_phase_limit_seconds{phase="drain"}': SETTINGS.drainTimeoutMs / 1000,
      'shutdown_phase_limit_seconds{phase="cleanup"}': SETTINGS.cleanupTimeoutMs / 1000,
      'shutdown_phase_limit_seconds{phase="final_scrape"}': SETTINGS.scrapeWaitMs / 1000,
    });
  });

  test('the limit of the memory is that of the container, or none', async () => {
    const bytes = process.constrainedMemory(); // nearly 2 to the 64th, or 0, where there is none
    const { process_memory_limit_bytes: limit } = await samples('process_memory_limit_bytes');

    expect(limit).toBe(bytes === 0 || bytes > 2 ** 60 ? NaN : bytes); // +Inf, which Number() does not read
  });

  test('the state is one series per state, of which one is 1', async () => {
    expect(await samples('lifecycle_state{')).toEqual({
      'lifecycle_state{state="starting"}': 1,
      'lifecycle_state{state="ready"}': 0,
      'lifecycle_state{state="lame-duck"}': 0,
      'lifecycle_state{state="draining"}': 0,
      'lifecycle_state{state="cleanup"}': 0,
      'lifecycle_state{state="final-scrape"}': 0,
      'lifecycle_state{state="exited"}': 0,
    });
  });

  test('what runs here is in the labels of build_info, under the name of the service', async () => {
    expect(await samples('my_shop_build_info')).toEqual({
      [`my_shop_build_info{version="1.2.3",revision="abc",node_version="${process.version}"}`]: 1,
    });
  });

  test('no gauge is called like a counter', async () => {
    const { body } = await metrics.expose();

    expect(body).toMatch(/^# TYPE nodejs_active_handles gauge$/m);
    expect(body).not.toMatch(/^# TYPE \S+_total (?!counter)/m);
    expect(body).toMatch(/^nodejs_heap_size_limit_bytes \d+$/m);
  });
});

describe('a request', () => {
  beforeEach(async () => {
    await lifecycle.start();
  });

  const count = (method: string, status: string) =>
    `http_server_request_duration_seconds_count{http_request_method="${method}",http_route="/route",http_response_status_code="${status}"}`;

  test('is counted with method, route and status', async () => {
    const done = ended();
    await sendRaw(listener.port, 'POST /broken HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await done;

    expect(await samples('http_server_request_duration_seconds_count')).toEqual({
      [count('POST', '500')]: 1,
    });
  });

  test('with a method that nobody knows is one with the method _OTHER', async () => {
    for (const method of ['PROPFIND', 'PURGE', 'GET']) {
      await sendRaw(listener.port, `${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    }

    expect(await samples('http_server_request_duration_seconds_count')).toEqual({
      [count('_OTHER', '200')]: 2,
      [count('GET', '200')]: 1,
    });
  });

  test('that its client gives up has no status, is no longer active, and is not a part of the shutdown', async () => {
    const gone = new AbortController();
    const answer = fetch(`http://127.0.0.1:${listener.port}/hang`, { signal: gone.signal });
    answer.catch(() => undefined);
    await requestInFlight(listener);
    expect(await samples('http_server_active')).toEqual({
      'http_server_active_requests{listener="http"}': 1,
    });
    expect(await samples('http_server_conn')).toEqual({ 'http_server_connections{listener="http"}': 1 });
    const done = ended();
    gone.abort();
    await done;

    expect(await samples('http_server_request_duration_seconds_count')).toEqual({ [count('GET', '')]: 1 });
    expect(await samples('http_server_active')).toEqual({
      'http_server_active_requests{listener="http"}': 0,
    });
    expect(await samples('shutdown_requests_total')).toMatchObject({
      'shutdown_requests_total{listener="http",outcome="aborted"}': 0,
    });
  });

  test('that its client gives up after the signal was aborted', async () => {
    const gone = new AbortController();
    const answer = fetch(`http://127.0.0.1:${listener.port}/hang`, { signal: gone.signal });
    answer.catch(() => undefined);
    await requestInFlight(listener);
    listener.giveNotice(0);
    const done = ended();
    gone.abort();
    await done;

    expect(await samples('shutdown_requests_total')).toMatchObject({
      'shutdown_requests_total{listener="http",outcome="aborted"}': 1,
      'shutdown_requests_total{listener="http",outcome="cut"}': 0,
    });
  });

  test('that is cut is counted as cut, with its connection', async () => {
    const answer = fetch(`http://127.0.0.1:${listener.port}/hang`);
    answer.catch(() => undefined);
    await requestInFlight(listener);
    listener.giveNotice(0);
    await listener.stop({ keepAliveMinIdleMs: 0, deadline: AbortSignal.abort() });

    expect(await samples('shutdown_requests_total')).toMatchObject({
      'shutdown_requests_total{listener="http",outcome="cut"}': 1,
    });
    expect(await samples('shutdown_connections_total')).toMatchObject({
      'shutdown_connections_total{listener="http",outcome="cut"}': 1,
    });
    expect(await samples('http_server_request_duration_seconds_count')).toEqual({ [count('GET', '')]: 1 });
  });
});

describe('OpenMetrics', () => {
  const ACCEPT = 'application/openmetrics-text;version=1.0.0';
  const exemplars = (body: string) => body.split('\n').filter((line) => line.includes(' # {'));

  async function traced(trace: string): Promise<void> {
    const done = ended();
    await sendRaw(listener.port, `GET / HTTP/1.1\r\nHost: x\r\nTrace: ${trace}\r\n\r\n`);
    await done;
  }

  beforeEach(async () => {
    await lifecycle.start();
  });

  test('has the trace of a slow request beside its bucket; the classic format has not', async () => {
    await traced('sampled');
    const { contentType, body } = await metrics.expose(ACCEPT);

    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(body).toMatch(/\n# EOF\n$/);
    expect(exemplars(body)).toEqual([
      expect.stringMatching(
        /^http_server_request_duration_seconds_bucket\{.*\} 1 # \{trace_id="a{32}"\} [\d.e-]+ [\d.]+$/,
      ),
    ]);
    expect(exemplars((await metrics.expose()).body)).toEqual([]);
  });

  test('names no trace that nobody records', async () => {
    await traced('unsampled');

    expect(exemplars((await metrics.expose(ACCEPT)).body)).toEqual([]);
  });

  test('does not change the names that the classic format has, not even of a scrape at the same time', async () => {
    const names = (body: string) => body.match(/^# TYPE \S+/gm);
    const before = names((await metrics.expose()).body);
    const bodies = await Promise.all(
      [ACCEPT, '', ACCEPT, ''].map(async (accept) => (await metrics.expose(accept)).body),
    );

    expect(names((await metrics.expose()).body)).toEqual(before);
    expect(bodies.filter((_, i) => i % 2 === 1).map(names)).toEqual([before, before]);
    for (const body of bodies)
      expect(body).toContain('shutdown_requests_total{listener="http",outcome="cut"} 0');
    expect(bodies[0]).toContain('# TYPE shutdown_requests counter');
    expect(before).toContain('# TYPE shutdown_requests_total');
  });
});

test('a scrape twice over counts nothing twice', async () => {
  await lifecycle.start();
  listener.giveNotice(0);
  const done = ended();
  await sendRaw(listener.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await done;
  await metrics.expose();

  expect(await samples('shutdown_requests_total{listener="http",outcome="served"}')).toEqual({
    'shutdown_requests_total{listener="http",outcome="served"}': 1,
  });
});

test('signals and hooks are counted as they come', async () => {
  hooks.add({ name: 'db', stop: async () => Promise.reject(new Error('gone')) });
  await lifecycle.start();
  lifecycle.signal('SIGTERM');
  lifecycle.signal('SIGTERM');
  await lifecycle.shutdown();

  expect(await samples('shutdown_signals_total')).toMatchObject({
    'shutdown_signals_total{signal="SIGTERM"}': 2,
  });
  expect(await samples('shutdown_hooks_total')).toEqual({
    'shutdown_hooks_total{hook="db",result="ok"}': 0,
    'shutdown_hooks_total{hook="db",result="error"}': 1,
    'shutdown_hooks_total{hook="db",result="timeout"}': 0,
  });
  expect(await samples('lifecycle_state{state="exited"')).toEqual({ 'lifecycle_state{state="exited"}': 1 });
});

test('lines of the log that nobody read are counted from 0 on', async () => {
  expect(await samples('log_lines_dropped_total')).toEqual({ log_lines_dropped_total: 0 });
  dropped = 7;
  await metrics.expose();
  expect(await samples('log_lines_dropped_total')).toEqual({ log_lines_dropped_total: 7 });
});

test('health checks are shown with 1 or 0', async () => {
  health.add('good', () => undefined);
  health.add('bad', () => {
    throw new Error('x');
  });
  const first = once(health, 'change');
  health.start();
  await first;
  while (health.status().some(({ up }) => up === undefined)) await once(health, 'change');

  expect(await samples('health_check_up')).toEqual({
    'health_check_up{check="good"}': 1,
    'health_check_up{check="bad"}': 0,
  });
  expect(Object.keys(await samples('health_check_duration_seconds'))).toHaveLength(2);
});

test('a service whose name starts with a digit has a valid metric name', async () => {
  const own = createMetrics({
    service: { name: '2shop.ü', version: '1', revision: 'x', pod: 'p' },
    lifecycle,
    listeners: [],
    hookNames: () => [],
    health,
    droppedLines: () => dropped,
  });

  expect((await own.expose()).body).toMatch(/^_2shop___build_info\{/m);
});
