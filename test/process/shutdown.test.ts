import http from 'node:http';
import { expect } from '@jest/globals';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { get, inFlight, probe } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { reportOf, windowMs } from '../harness/report.ts';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

async function probes(management: string): Promise<Record<string, number | string>> {
  const paths = ['/startupz', '/livez', '/readyz'];
  const answers = await Promise.all(
    paths.map(async (path) => [path, await probe(management, path)] as const),
  );
  return Object.fromEntries(answers);
}

describe('an orderly shutdown', () => {
  test('an idle service passes through every state, reports and exits 0', async () => {
    const service = startService();
    await service.url;
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      reason: 'SIGTERM',
      outcome: 'clean',
      repeatedSignals: 0,
      cutRequests: [],
    });
    expect(windowMs(report)).toBeGreaterThanOrEqual(100);
    const states = service.lines.filter(({ event }) => event === 'lifecycle').map(({ state }) => state);
    expect(states).toEqual(['ready', 'lame-duck', 'draining', 'cleanup', 'exited']);
  });

  test('a service without HTTP passes through the same states, and listens for probes alone', async () => {
    const service = startService({ FIXTURE: 'no-http,good' }, FIXTURE);
    await service.line({ state: 'ready' });
    expect(await probe(await service.management, '/readyz')).toBe(200);
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    expect({ code, listeners: report.listeners }).toEqual({ code: 0, listeners: [] });
    expect(report.hooks).toMatchObject([{ name: 'good', result: 'ok' }]);
    const states = service.lines.filter(({ event }) => event === 'lifecycle').map(({ state }) => state);
    expect(states).toEqual(['ready', 'lame-duck', 'draining', 'cleanup', 'exited']);
    expect(service.lines.filter(({ event }) => event === 'listening')).toHaveLength(1);
  });

  test('probes say starting, ready and leaving, and nobody listens afterwards', async () => {
    const service = startService({ FIXTURE: 'slow-start', SHUTDOWN_WINDOW: '2s' }, FIXTURE);
    const management = await service.management;
    await service.line({ event: 'fixture', msg: 'starting slowly' });
    expect(await probes(management)).toEqual({ '/startupz': 503, '/livez': 200, '/readyz': 503 });

    service.kill('SIGUSR2');
    const url = await service.url;
    expect(await probes(management)).toEqual({ '/startupz': 200, '/livez': 200, '/readyz': 200 });

    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    expect(await probes(management)).toEqual({ '/startupz': 200, '/livez': 503, '/readyz': 503 });
    const served = await get(url);
    expect(served.status).toBe(200);
    expect(served.headers.connection).toBe('close');

    const { code } = await reportOf(service);
    expect(code).toBe(0);
    expect(await probes(management)).toEqual({
      '/startupz': 'ECONNREFUSED',
      '/livez': 'ECONNREFUSED',
      '/readyz': 'ECONNREFUSED',
    });
  });

  test('liveness and readiness can be told to pass during the shutdown', async () => {
    const env = { SHUTDOWN_WINDOW: '1s', SHUTDOWN_LIVENESS: 'pass', SHUTDOWN_READINESS: 'pass' };
    const service = startService(env);
    const management = await service.management;
    await service.url;
    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    expect(await probes(management)).toEqual({ '/startupz': 200, '/livez': 200, '/readyz': 200 });
    expect((await reportOf(service)).code).toBe(0);
  });

  test('a service whose critical check is down is alive and not ready', async () => {
    const service = startService({ FIXTURE: 'sick' }, FIXTURE);
    const management = await service.management;
    await service.line({ event: 'health', check: 'db', up: false });
    expect(await probes(management)).toEqual({ '/startupz': 200, '/livez': 200, '/readyz': 503 });
    const verbose = (await get(`${management}/readyz?verbose`)).json();
    expect(verbose['checks']).toMatchObject([{ name: 'db', up: false, error: 'no route to db' }]);
  });

  test('a request in flight at the signal is answered, with Connection: close', async () => {
    const service = startService();
    const agent = new http.Agent({ keepAlive: true });
    const answer = get(`${await service.url}/slow?ms=800`, { agent });
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    const { status, headers } = await answer;
    expect(status).toBe(200);
    expect(headers.connection).toBe('close');
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.listeners[0]?.requests).toMatchObject({
      inFlightAtSignal: 1,
      served: 0,
      drained: 1,
      cut: 0,
    });
  });

  test('the window goes on while there is traffic, until its maximum', async () => {
    const env = { SHUTDOWN_WINDOW: '100ms', SHUTDOWN_QUIET_PERIOD: '5s', SHUTDOWN_WINDOW_MAX: '1s' };
    const service = startService(env);
    const url = await service.url;
    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    await get(url);
    const { report } = await reportOf(service);
    expect(windowMs(report)).toBeGreaterThanOrEqual(1000);
    expect(report.listeners[0]?.requests.served).toBe(1);
  });

  test('SIGTERM five times is one shutdown', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '1s' });
    const answer = get(`${await service.url}/slow?ms=1500`);
    await inFlight(await service.management, 1, answer);
    for (let i = 1; i <= 5; i++) {
      service.kill('SIGTERM');
      await service.line({ event: 'signal' }, i); // equal signals that are pending together arrive as one
    }
    expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.repeatedSignals).toBe(4);
    expect(windowMs(report)).toBeGreaterThanOrEqual(1000);
  });

  test('a stream says goodbye and ends at the signal', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '500ms' });
    const stream = get(`${await service.url}/events`);
    await inFlight(await service.management, 1, stream);
    service.kill('SIGTERM');
    expect((await stream).body).toContain('event: goodbye');
    expect((await reportOf(service)).report.listeners[0]?.requests).toMatchObject({ served: 1, cut: 0 });
  });
});

describe('a shutdown that does not go well', () => {
  test('a stuck request is cut at the deadline, listed by route and id, exit 80', async () => {
    const service = startService({ SHUTDOWN_DRAIN_TIMEOUT: '300ms' });
    const answer = get(`${await service.url}/slow?ms=60000`);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    const { code, report } = await reportOf(service);
    expect(code).toBe(80);
    expect(report.outcome).toBe('cut');
    expect(report.listeners[0]).toMatchObject({ result: 'cut', requests: { inFlightAtSignal: 1, cut: 1 } });
    expect(report.cutRequests).toMatchObject([{ method: 'GET', route: '/slow' }]);
    const line = await service.line({ event: 'cut' });
    expect(line).toMatchObject({ method: 'GET', route: '/slow', bytesSent: 0 });
    expect(line['requestId']).toBe(report.cutRequests[0]?.requestId);
    expect(line['ageMs']).toBeGreaterThanOrEqual(300);
  });

  test('a client that gives up is counted as aborted, not as cut', async () => {
    const service = startService();
    const url = await service.url;
    const req = http.get(`${url}/slow?ms=60000`);
    req.on('error', () => undefined);
    await inFlight(await service.management, 1);
    service.kill('SIGTERM');
    await service.line({ state: 'draining' });
    req.destroy();
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.listeners[0]?.requests).toMatchObject({ aborted: 1, cut: 0, drained: 0 });
  });

  test('a hung and a throwing hook do not keep the good one from running, exit 81', async () => {
    const service = startService({ FIXTURE: 'good,throwing,hung' }, FIXTURE);
    await service.url;
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    expect(code).toBe(81);
    expect(report.outcome).toBe('hook-failed');
    expect(report.hooks).toMatchObject([
      { name: 'hung', result: 'timeout' },
      { name: 'throwing', result: 'error' },
      { name: 'good', result: 'ok' },
    ]);
    await service.line({ event: 'fixture', msg: 'good stopped' });
  });

  test('what no request has asked for is told at once, and its hook runs after the drain', async () => {
    const service = startService({ FIXTURE: 'told,good' }, FIXTURE);
    await service.url;
    service.kill('SIGTERM');
    await service.ended;
    const said = service.lines.map(({ event, state, msg }) => (event === 'fixture' ? msg : state));
    expect(said.filter((word) => word !== undefined)).toEqual([
      'ready',
      'lame-duck',
      'told to leave',
      'draining',
      'cleanup',
      'good stopped',
      'exited',
    ]);
  });

  test('the overall deadline ends what would wait for ever, exit 82', async () => {
    const service = startService({
      SHUTDOWN_WINDOW_MAX: '200ms',
      SHUTDOWN_DRAIN_TIMEOUT: 'none',
      SHUTDOWN_CLEANUP_TIMEOUT: '100ms',
      SHUTDOWN_GRACE_PERIOD: '2400ms',
    });
    const answer = get(`${await service.url}/slow?ms=60000`);
    answer.catch(() => undefined);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    expect(code).toBe(82);
    expect(report).toMatchObject({ outcome: 'deadline', cutRequests: [{ route: '/slow' }] });
    expect(report.ms.total).toBeGreaterThanOrEqual(1400);
  });

  test.each([
    ['an uncaught exception', '/crash', 'uncaughtException', 'boom'],
    ['an unhandled rejection', '/reject', 'unhandledRejection', 'nobody cares'],
  ])('%s still lets the requests in flight be answered, exit 1', async (_name, path, reason, error) => {
    const service = startService({ SHUTDOWN_WINDOW: '20s', SHUTDOWN_WINDOW_MAX: '20s' }, FIXTURE);
    const url = await service.url;
    const answer = get(`${url}/slow?ms=700`);
    await inFlight(await service.management, 1, answer);
    await get(`${url}${path}`);
    expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(1);
    expect(report).toMatchObject({ reason, error, outcome: 'crash' });
    expect(report.ms.window).toBeLessThan(20_000);
    await service.line({ event: 'fatal', kind: reason });
  });
});

describe('Ctrl-C', () => {
  /** Two SIGINTs closer than 100 ms are one keystroke that a parent process has forwarded. */
  const keystroke = async () => new Promise((resolve) => setTimeout(resolve, 150));

  test('a second one ends the window and the idle wait, and what is in flight is still answered', async () => {
    const service = startService({
      SHUTDOWN_WINDOW: '60s',
      SHUTDOWN_WINDOW_MAX: '60s',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '30s',
    });
    const agent = new http.Agent({ keepAlive: true });
    const url = await service.url;
    await get(url, { agent }); // leaves an idle connection behind
    const answer = get(`${url}/slow?ms=1000`);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGINT');
    await service.line({ state: 'lame-duck' });
    await keystroke();
    service.kill('SIGINT');
    expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    agent.destroy();
    expect(code).toBe(0);
    expect(report).toMatchObject({ reason: 'SIGINT', repeatedSignals: 1 });
    expect(report.ms.total).toBeLessThan(30_000);
  });

  test('a third one ends the process at once, exit 130, with a report of what was lost', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '60s', SHUTDOWN_WINDOW_MAX: '60s' });
    const answer = get(`${await service.url}/slow?ms=60000`);
    answer.catch(() => undefined);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGINT');
    await service.line({ state: 'lame-duck' });
    await keystroke();
    service.kill('SIGINT');
    await service.line({ state: 'draining' });
    await keystroke();
    service.kill('SIGINT');
    const { code, report } = await reportOf(service);
    expect(code).toBe(130);
    expect(report).toMatchObject({ outcome: 'forced', cutRequests: [{ route: '/slow' }] });
  });

  test('one that reaches the process twice is one', async () => {
    let report: Report;
    let apartMs: number;
    do {
      const service = startService({ SHUTDOWN_WINDOW: '700ms' });
      await service.url;
      service.kill('SIGINT');
      await service.line({ event: 'signal', repeated: false });
      service.kill('SIGINT');
      ({ report } = await reportOf(service));
      const [first = 0, second = 0] = service.lines
        .filter(({ event }) => event === 'signal')
        .map(({ time }) => Date.parse(String(time)));
      apartMs = second - first;
    } while (apartMs > 90); // on a busy machine: that would have been two keystrokes
    expect(report.repeatedSignals).toBe(1);
    expect(windowMs(report)).toBeGreaterThanOrEqual(700);
  });
});
