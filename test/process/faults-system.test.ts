import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { get, inFlight, probe } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { reportOf, windowMs } from '../harness/report.ts';
import { type ServiceProcess, startService, type StartOptions } from '../harness/service.ts';
import { newFolder } from '../support/folder.ts';
import { freePorts } from '../support/ports.ts';
import { unlessMissing } from '../support/skipping.ts';
import { SERVING } from '../support/states.ts';
import { terminationLog } from '../support/termination-log.ts';

const start = (env: Record<string, string> = {}, options: StartOptions = {}) =>
  startService(env, { entry: 'test/process/faulty.mjs', ...options });

/** A shell in front of the service, which it becomes. */
const after = (command: string): StartOptions => ({ wrap: ['sh', '-c', `${command}; exec "$@"`, 'sh'] });

describe('the termination message', () => {
  test('of a process that is killed in the midst of its hooks says which of them are done', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const service = start({ FAULTS: 'stuck,hooks', TERMINATION_LOG, SHUTDOWN_CLEANUP_TIMEOUT: '30s' });
    await service.url;
    service.kill('SIGTERM');
    await service.line({ event: 'hook', hook: 'first' }); // the stuck one is the last
    service.kill('SIGKILL');
    await service.ended;
    const { state, hooks } = JSON.parse(read()) as {
      state: string;
      hooks: { name: string; result: string }[];
    };
    expect(state).toBe('cleanup');
    expect(hooks).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'first', result: 'ok' })]));
  });

  test('that a full disk does not take is a warning, once, and changes nothing', async () => {
    const service = start({ TERMINATION_LOG: '/dev/full' });
    await service.url;
    service.kill('SIGTERM');
    expect((await reportOf(service)).code).toBe(0);
    const lines = service.lines.filter(({ event }) => event === 'termination-log');
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('ENOSPC') }]);
  });

  const possible = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
  const obstacle = possible ? undefined : 'no right to mount (unshare --mount)';
  const testWherePossible = unlessMissing(test, 'the test of a read-only termination message', obstacle);

  testWherePossible('on a read-only file system is a warning, too', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const mount = `mount --bind ${TERMINATION_LOG} ${TERMINATION_LOG} && mount -o remount,bind,ro ${TERMINATION_LOG}`;
    const wrap = ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh'];
    const service = start({ TERMINATION_LOG }, { wrap });
    await service.url;
    service.kill('SIGTERM');
    expect((await reportOf(service)).code).toBe(0);
    expect((await service.line({ event: 'termination-log' })).msg).toContain('EROFS');
    expect(read()).toBe('');
  });

  test('of which a full disk takes only the beginning is none: half of it would be no JSON', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    // The kernel takes a block of a file as if the disk had room for no more.
    const wrap = ['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh'];
    const service = start({ TERMINATION_LOG }, { wrap });
    await service.url;
    service.kill('SIGTERM');
    expect((await reportOf(service)).code).toBe(0);
    expect(await service.line({ event: 'termination-log' })).toMatchObject({ level: 'warn' });
    expect(read()).toBe('');
  });

  test('is written even if no file can be opened any more', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const service = start({ TERMINATION_LOG }, { wrap: ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'] });
    expect((await get(`${await service.url}/open`)).body).toBe('EMFILE');
    service.kill('SIGTERM');
    expect((await reportOf(service)).code).toBe(0);
    expect(JSON.parse(read())).toMatchObject({ outcome: 'clean' });
  });
});

describe('standard output', () => {
  test('on a full disk costs the lines and nothing else', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const [port, managementPort] = await freePorts(2);
    const env = { TERMINATION_LOG, PORT: String(port), MANAGEMENT_PORT: String(managementPort) };
    const service = start(env, { wrap: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'] });
    const management = `http://127.0.0.1:${managementPort}`;
    while ((await probe(management, '/readyz')) !== 200);
    const answer = get(`http://127.0.0.1:${port}/slow?ms=1500`);
    await inFlight(management, 1, answer);
    service.kill('SIGTERM');
    expect((await answer).status).toBe(200);
    expect(await service.ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(JSON.parse(read())).toMatchObject({ outcome: 'clean', exitCode: 0 });
  });

  test.each(['lame-duck', 'draining'])(
    'whose reader goes away in the state %s is not missed',
    async (state) => {
      const { TERMINATION_LOG, read } = terminationLog();
      const service = start({ TERMINATION_LOG, SHUTDOWN_WINDOW: '500ms' }, { stdout: 'pipe' });
      const answer = get(`${await service.url}/slow?ms=1500`);
      await inFlight(await service.management, 1, answer);
      service.kill('SIGTERM');
      await service.line({ state });
      service.closeStdout();
      expect((await answer).status).toBe(200);
      expect(await service.exited).toBe(0);
      expect(JSON.parse(read())).toMatchObject({ outcome: 'clean' });
    },
  );
});

test('a process without a file descriptor left says so, serves who is connected, and recovers', async () => {
  const service = start({}, after('ulimit -n 100'));
  const [url, management] = await Promise.all([service.url, service.management]);
  const client = await new RawClient(url).connected();
  const prober = await new RawClient(management).connected();
  client.get('/open');
  await client.receives('EMFILE');
  const line = await service.line({ event: 'descriptors' });
  expect(line).toMatchObject({
    level: 'error',
    msg: 'no file descriptor is left: new connections are closed',
  });
  const outside = new RawClient(url); // libuv closes it
  await outside.ended;
  expect(outside.received).toBe('');
  prober.get('/livez');
  await prober.receives('200 OK');
  client.get('/echo/x');
  await client.receives('"/echo/x"');

  client.get('/close');
  await client.receives('closed');
  expect(await service.line({ event: 'descriptors' }, 2)).toMatchObject({ level: 'info' });
  expect(await probe(url, '/')).toBe(200);
  for (const { socket } of [client, prober]) socket.destroy();
  service.kill('SIGTERM');
  expect((await reportOf(service)).code).toBe(0);
});

describe('signals', () => {
  test.each(['SIGHUP', 'SIGUSR2'] as const)('%s is a shutdown like any other', async (signal) => {
    const service = start();
    const answer = get(`${await service.url}/slow?ms=1500`);
    await inFlight(await service.management, 1, answer);
    service.kill(signal);
    expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report).toMatchObject({ reason: signal, outcome: 'clean' });
  });

  test('of the application are its own', async () => {
    const service = start({ FAULTS: 'signals' });
    const url = await service.url;
    service.kill('SIGUSR2');
    await service.line({ event: 'fixture', msg: 'SIGUSR2' });
    expect(await probe(url, '/')).toBe(200);
    service.kill('SIGTERM');
    expect((await reportOf(service)).report.reason).toBe('SIGTERM');
  });

  test('by the thousand are one shutdown, which loses nothing and is no longer than any other', async () => {
    const service = start({ SHUTDOWN_WINDOW: '1s', SHUTDOWN_WINDOW_MAX: '1s' });
    const [url, management] = await Promise.all([service.url, service.management]);
    for (let nth = 0; nth < 1000; nth++) service.kill('SIGPIPE');
    expect(await probe(management, '/readyz')).toBe(200); // a client that has gone is no reason to leave
    const answers = [2000, 2500, 3000].map(async (ms) => get(`${url}/slow?ms=${ms}`));
    await inFlight(management, 3, ...answers);
    for (let nth = 0; nth < 1000; nth++) {
      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGPIPE'] as const) service.kill(signal);
      if (nth % 100 === 0) await probe(management, '/livez'); // equal signals that are pending together are one
    }
    for (const answer of answers) expect((await answer).status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.repeatedSignals).toBeGreaterThan(10);
    expect(windowMs(report)).toBeLessThan(5000);
    expect(
      service.lines.filter(({ event, repeated }) => event === 'signal' && repeated === false),
    ).toHaveLength(1);
  });
});

describe.each(SERVING)('%s: a clock that is set back by an hour', (state) => {
  test('changes neither deadlines nor durations', async () => {
    const service = start({
      SHUTDOWN_WINDOW: '1s',
      SHUTDOWN_WINDOW_MAX: '1s',
      HEALTH_CHECK_INTERVAL: '100ms',
    });
    const [url, management] = await Promise.all([service.url, service.management]);
    const client = await new RawClient(url).connected();
    const answer = get(`${url}/slow?ms=2000`);
    await inFlight(management, 1, answer);
    if (state !== 'ready') service.kill('SIGTERM');
    await service.line({ state });
    client.get('/clock?ms=-3600000');
    await client.receives('set');
    client.socket.end();
    if (state === 'ready') service.kill('SIGTERM');
    const answered = await answer;
    expect(answered.status).toBe(200);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.ms.total).toBeGreaterThan(0);
    expect(report.ms.total).toBeLessThan(20_000);
    const [first, last] = [service.lines[0], service.lines.at(-1)].map((line) =>
      Date.parse(String(line?.['time'])),
    );
    expect(last).toBeLessThan(Number(first) - 3_500_000); // it was set
  });
});

describe('threads that wait for ever', () => {
  /** Of a pipe that nobody opens at its other end; libuv has four threads. */
  async function withStuckThreads(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const pipe = join(newFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const service = start(env);
    const url = await service.url;
    for (let nth = 0; nth < 6; nth++) await get(`${url}/wait?pipe=${pipe}`);
    return service;
  }

  test('keep neither probes nor metrics nor requests waiting', async () => {
    const service = await withStuckThreads();
    const [url, management] = await Promise.all([service.url, service.management]);
    const statuses = [probe(management, '/readyz'), probe(management, '/metrics'), probe(url, '/echo/x')];
    expect(await Promise.all(statuses)).toEqual([200, 200, 200]);
    service.kill('SIGKILL');
  });

  const obstacle = 'execve' in process ? undefined : `Node ${process.version} has no execve`;
  const testWherePossible = unlessMissing(test, 'the exit of a process whose threads wait', obstacle);

  testWherePossible('do not hold up the end, nor change the exit code', async () => {
    const { TERMINATION_LOG, read } = terminationLog();
    const service = await withStuckThreads({ TERMINATION_LOG, SHUTDOWN_DRAIN_TIMEOUT: '300ms' });
    const answer = get(`${await service.url}/slow?ms=60000`);
    answer.catch(() => undefined);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    const { code } = await reportOf(service);
    expect(code).toBe(80);
    expect(JSON.parse(read())).toMatchObject({ outcome: 'cut', exitCode: 80 });
  });
});
