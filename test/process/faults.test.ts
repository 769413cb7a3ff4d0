import { expect } from '@jest/globals';
import { get, inFlight, probe } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { numbersOf, reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { SERVING } from '../support/states.ts';
import { terminationLog } from '../support/termination-log.ts';

const start = (env: Record<string, string> = {}) => startService(env, { entry: 'test/process/faulty.mjs' });

/** The names of what the fixture can fail in, and with. */
async function namesOf(service: ServiceProcess): Promise<{ callbacks: string[]; values: string[] }> {
  return (await get(`${await service.url}/names`)).json() as { callbacks: string[]; values: string[] };
}

describe('an error that nobody catches', () => {
  describe.each(SERVING)('%s,', (state) => {
    test('ends the process with what is in flight answered, in whatever callback it is thrown', async () => {
      const service = start({ SHUTDOWN_WINDOW: '1s', SHUTDOWN_WINDOW_MAX: '1s' });
      const [url, management] = await Promise.all([service.url, service.management]);
      const { callbacks } = await namesOf(service);
      const client = await new RawClient(url).connected();
      const answer = get(`${url}/slow?ms=3000`);
      await inFlight(management, 1, answer);
      if (state !== 'ready') service.kill('SIGTERM');
      await service.line({ state });
      client.get('/fail');
      expect((await answer).status).toBe(200);
      const { code, report } = await reportOf(service);
      expect(code).toBe(1);
      expect(report).toMatchObject({ outcome: 'crash', error: 'boom', cutRequests: [] });
      expect(report.reason).toBe(state === 'ready' ? 'uncaughtException' : 'SIGTERM');
      expect(service.lines.filter(({ event }) => event === 'fatal')).toHaveLength(callbacks.length);
    });
  });

  test('is told whatever it is, and the process leaves as it should', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const service = start({ TERMINATION_LOG });
    const url = await service.url;
    const { values } = await namesOf(service);
    const answer = get(`${url}/slow?ms=2000`);
    await inFlight(await service.management, 1, answer);
    await get(`${url}/fail?callbacks=timer,promise&values=${values.join(',')}`);
    expect((await answer).status).toBe(200);
    const { code } = await reportOf(service);
    expect(code).toBe(1);
    const told = service.lines.filter(({ event }) => event === 'fatal');
    expect(told).toHaveLength(2 * values.length);
    for (const { err, msg } of told)
      expect([err !== undefined, msg]).toEqual([true, expect.stringMatching(/: ./)]);
    expect(JSON.parse(read())).toMatchObject({ outcome: 'crash', exitCode: 1 });
  });

  test('while the service starts stops what was started', async () => {
    const service = start({ FAULTS: 'opened,start' });
    const { code, report } = await reportOf(service);
    expect(code).toBe(1);
    expect(report).toMatchObject({ reason: 'uncaughtException', hooks: [{ name: 'opened', result: 'ok' }] });
  });

  test('in a listener to the shutdown signal does not stop the shutdown', async () => {
    const service = start({ FAULTS: 'told' });
    const answer = get(`${await service.url}/slow?ms=1500`);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(1);
    expect(report).toMatchObject({ reason: 'SIGTERM', outcome: 'crash', error: 'boom' });
  });
});

describe('a start', () => {
  test('whose application can not be made is told, and ends', async () => {
    const service = start({ FAULTS: 'opened,no-app' });
    const { code, report } = await reportOf(service);
    expect(code).toBe(1);
    expect(report).toMatchObject({ reason: 'start-failed', error: 'boom', listeners: [] });
  });

  test('that hangs, and does not listen to its signal, is ended by a SIGTERM within the time of the hooks', async () => {
    const service = start({ FAULTS: 'opened,hung-start', SHUTDOWN_CLEANUP_TIMEOUT: '400ms' });
    const management = await service.management;
    const paths = ['/startupz', '/livez', '/readyz'];
    expect(await Promise.all(paths.map(async (path) => probe(management, path)))).toEqual([503, 200, 503]);
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    expect(code).toBe(81);
    expect(report.hooks).toMatchObject([
      { name: 'hung', result: 'timeout' },
      { name: 'opened', result: 'ok' },
    ]);
  });
});

test('a handler may throw whatever it wants: it is a 500 and a line, and the process lives', async () => {
  const service = start();
  const url = await service.url;
  const { values } = await namesOf(service);
  for (const value of values) expect(await probe(url, `/throw?value=${value}`)).toBe(500);
  service.kill('SIGTERM');
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  expect(service.lines.filter(({ event }) => event === 'thrown')).toHaveLength(values.length);
  expect(numbersOf(report).requests.lifetime).toMatchObject({ answered: values.length + 1, broken: 0 });
});

describe('what Express is given', () => {
  /** A value that is none: Express goes on to the next route. */
  const nothing = (value: string) => value === 'undefined' || value === 'null';
  const cases: [way: string, expected: (value: string) => number][] = [
    ['throws', (value) => (nothing(value) ? 404 : 500)],
    ['rejects', () => 500],
    ['next', (value) => (nothing(value) ? 404 : 500)],
    // JSON has no word for these.
    [
      'problem',
      (value) =>
        ['bigint', 'circular', 'ownCause', 'trap', 'unwritable', 'revoked'].includes(value) ? 500 : 409,
    ],
  ];

  test.each(cases)('may be whatever it wants (%s): it is a problem, and no stack', async (way, expected) => {
    const service = start();
    const url = await service.url;
    const { values } = await namesOf(service);
    const found: Record<string, unknown> = {};
    for (const value of values) {
      const { status, headers, body } = await get(`${url}/express/${way}?value=${value}`);
      found[value] = [status, headers['content-type'], body.includes('.mjs')];
    }
    expect(found).toEqual(
      Object.fromEntries(
        values.map((value) => [value, [expected(value), 'application/problem+json', false]]),
      ),
    );
    service.kill('SIGTERM');
    const { code } = await reportOf(service);
    expect(code).toBe(0);
    const failures = service.lines.filter(({ event, status }) => event === 'request' && status === 500);
    expect(failures).toHaveLength(values.filter((value) => expected(value) === 500).length);
    for (const { err } of failures) expect(err).toBeDefined();
  });
});

test('a gauge of the application that throws makes /metrics a 500, and nothing else', async () => {
  const service = start({ FAULTS: 'gauge' });
  const [url, management] = await Promise.all([service.url, service.management]);
  const { status, body } = await get(`${management}/metrics`);
  expect([status, body]).toEqual([500, 'a value that has no text\n']);
  expect(await Promise.all([probe(management, '/readyz'), probe(url, '/')])).toEqual([200, 200]);
  service.kill('SIGTERM');
  expect((await reportOf(service)).code).toBe(0);
});

test('health checks may hang, throw and reject with whatever they want: each is down, with a text', async () => {
  const service = start({
    FAULTS: 'checks',
    HEALTH_CHECK_TIMEOUT: '100ms',
    HEALTH_CHECK_INTERVAL: '100ms',
    SHUTDOWN_WINDOW: '1s',
  });
  const management = await service.management;
  const { values } = await namesOf(service);
  const names = ['hangs', 'late', ...values.flatMap((value) => [`throws ${value}`, `rejects ${value}`])];
  for (const check of names) {
    expect(await service.line({ event: 'health', check })).toMatchObject({
      up: false,
      error: expect.stringMatching(/./),
    });
  }
  const inState = async () =>
    Promise.all(
      ['/livez', '/readyz', '/readyz?verbose', '/metrics'].map(async (path) => probe(management, path)),
    );
  expect(await inState()).toEqual([200, 503, 503, 200]);
  service.kill('SIGTERM');
  await service.line({ state: 'lame-duck' });
  expect(await inState()).toEqual([503, 503, 503, 200]);
  expect((await reportOf(service)).code).toBe(0);
});

test('hooks may hang, throw and reject with whatever they want: each has its turn and its result', async () => {
  const { TERMINATION_LOG, read } = terminationLog();
  const service = start({ FAULTS: 'hooks', TERMINATION_LOG, SHUTDOWN_CLEANUP_TIMEOUT: '20s' });
  const { values } = await namesOf(service);
  service.kill('SIGTERM');
  const { code, report } = await reportOf(service);
  expect(code).toBe(81);
  const failed = values.flatMap((value) => [`throws ${value}`, `rejects ${value}`]);
  const results = report.hooks.map(({ name, result }) => [name, result]);
  expect(results.toReversed()).toEqual([
    ['first', 'ok'],
    ['hangs', 'timeout'],
    ...failed.map((name) => [name, 'error']),
  ]);
  expect(service.lines.filter(({ event, err }) => event === 'hook' && err !== undefined)).toHaveLength(
    failed.length,
  );
  expect(JSON.parse(read())).toMatchObject({ outcome: 'hook-failed' });
});
