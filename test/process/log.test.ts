import { once } from 'node:events';
import { expect } from '@jest/globals';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { get, inFlight, probe } from '../harness/http.ts';
import type { LogLine } from '../harness/log-lines.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { PACKAGE_NAME } from '../support/names.ts';

const FIXTURE = 'test/process/fixture.mjs';
/** More than the kernel and the service keep together. */
const TOO_MUCH = '/chatter?lines=3000&bytes=1000';

/** Text that is no JSON is a torn line, which the tests about the order would miss. */
function expectWhole(service: ServiceProcess): void {
  expect(service.lines.filter(({ level }) => level === undefined)).toEqual([]);
}

const chatter = (lines: LogLine[]) =>
  lines.filter(({ event }) => event === 'chatter').map(({ nth }) => nth as number);

const upTo = (count: number) => Array.from({ length: count }, (_, nth) => nth);

async function droppedByMetrics(management: string): Promise<number> {
  const { body } = await get(`${management}/metrics`);
  return Number(/^log_lines_dropped_total (\d+)$/m.exec(body)?.[1]);
}

/** Reads for a turn of the event loop, at most 64 KiB and what it had already, every 20 ms. */
function readSlowly({ stdout }: ServiceProcess): void {
  stdout.pause();
  const timer = setInterval(() => {
    stdout.resume();
    setImmediate(() => stdout.pause());
  }, 20);
  stdout.once('close', () => clearInterval(timer));
}

describe.each(['pipe', 'socket'] as const)('a log on a %s', (stdout) => {
  const start = async (env: Record<string, string> = {}) => {
    const service = startService(env, { entry: FIXTURE, stdout });
    const [url, management] = await Promise.all([service.url, service.management]);
    return { service, url, management };
  };

  test('that nobody reads any more keeps neither probes nor requests nor the end waiting', async () => {
    const { service, url, management } = await start();
    service.stdout.pause();
    expect((await get(`${url}${TOO_MUCH}`)).status).toBe(200);
    expect(await probe(management, '/livez')).toBe(200);
    expect(await probe(management, '/readyz')).toBe(200);
    expect((await get(url)).status).toBe(200);
    const { body } = await get(`${management}/metrics`);
    const deadlineMs = Number(/^shutdown_deadline_seconds (\S+)$/m.exec(body)?.[1]) * 1000;

    const signalledAt = performance.now();
    service.kill('SIGTERM');

    expect(await service.exited).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(deadlineMs);
  });

  test('that nobody reads does not hold up the overall deadline', async () => {
    const { service, url, management } = await start({
      SHUTDOWN_WINDOW_MAX: '100ms',
      SHUTDOWN_DRAIN_TIMEOUT: 'none',
      SHUTDOWN_CLEANUP_TIMEOUT: '100ms',
      SHUTDOWN_GRACE_PERIOD: '2400ms',
    });
    service.stdout.pause();
    await get(`${url}${TOO_MUCH}`);
    const stuck = get(`${url}/stream?ms=0`);
    stuck.catch(() => undefined);
    await inFlight(management, 1, stuck);

    const signalledAt = performance.now();
    service.kill('SIGTERM');

    expect(await service.exited).toBe(82);
    expect(performance.now() - signalledAt).toBeLessThan(2400);
  });

  test('whose reader comes back says what is missing, where it is missing, and goes on', async () => {
    const { service, url, management } = await start();
    service.stdout.pause();
    await get(`${url}${TOO_MUCH}`);
    const dropped = await droppedByMetrics(management);
    expect(dropped).toBeGreaterThan(0);

    service.stdout.resume();
    const loss = await service.line({ event: 'log' }); // nothing new has to be logged for it
    expect(loss).toMatchObject({ level: 'warn', dropped, service: PACKAGE_NAME });
    await service.line({ event: 'chatter', nth: 2999 });
    await get(url);
    await service.line({ event: 'request' });
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);

    expectWhole(service);
    expect(service.lines.filter(({ event }) => event === 'log')).toHaveLength(1);
    const at = service.lines.indexOf(loss);
    const before = chatter(service.lines.slice(0, at));
    const after = chatter(service.lines.slice(at));
    expect(before).toEqual(upTo(before.length));
    expect(after).toEqual(upTo(3000).slice(before.length + dropped));
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', outcome: 'clean' });
  });

  test('whose reader comes back only at the end still gets the report', async () => {
    const { service, url } = await start();
    service.stdout.pause();
    await get(`${url}${TOO_MUCH}`);
    service.stdout.once('resume', () => service.kill('SIGTERM'));
    service.stdout.resume();
    await service.ended;

    expectWhole(service);
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', outcome: 'clean' });
  });

  test('that is read slowly loses nothing, and ends with the report', async () => {
    const { service, url } = await start();
    readSlowly(service);
    await get(`${url}/chatter?lines=500&bytes=1000`);
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);

    expectWhole(service);
    expect(chatter(service.lines)).toEqual(upTo(500));
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', outcome: 'clean' });
  });

  test('has lines whole that are longer than a pipe takes at once', async () => {
    const { service, url } = await start();
    readSlowly(service);
    await get(`${url}/chatter?lines=20&bytes=40000`);
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);

    expectWhole(service);
    expect(chatter(service.lines)).toEqual(upTo(20));
  });

  test('that is read slowly has the last lines of a process that exits at once', async () => {
    const { service, url } = await start();
    readSlowly(service);
    get(`${url}/chatter?lines=300&bytes=1000&then=exit`).catch(() => undefined);
    expect((await service.ended).code).toBe(7);

    expectWhole(service);
    expect(chatter(service.lines)).toEqual(upTo(300));
  });

  test('has every line of a crash, and the report as the last', async () => {
    const { service, url } = await start();
    readSlowly(service);
    get(`${url}/chatter?lines=300&bytes=1000&then=crash`).catch(() => undefined);
    expect((await service.ended).code).toBe(1);

    expectWhole(service);
    expect(chatter(service.lines)).toEqual(upTo(300));
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', outcome: 'crash' });
  });

  test('has all that was said before an error that nobody caught, and that error', async () => {
    const { service, url } = await start();
    get(`${url}/chatter?lines=3&bytes=10&then=reject`).catch(() => undefined);
    expect((await service.ended).code).toBe(1);

    const events = service.lines.map(({ event }) => event);
    expect(events.indexOf('fatal')).toBeGreaterThan(events.lastIndexOf('chatter'));
    expect(chatter(service.lines)).toEqual(upTo(3));
  });

  test('has what a ready service has said, without anything more to say', async () => {
    const { service, url } = await start();
    await get(`${url}/chatter?lines=1&bytes=10`);
    await service.line({ event: 'chatter', nth: 0 }); // no other line has to come behind it
    expectWhole(service);
  });

  test('has every line of a process that is killed, if each is written at once', async () => {
    const { service, url } = await start({ LOG_SYNC: 'true' });
    get(`${url}/chatter?lines=3&bytes=10&then=kill`).catch(() => undefined);
    expect((await service.ended).signal).toBe('SIGKILL');

    expect(chatter(service.lines)).toEqual(upTo(3));
  });

  test('that is read only afterwards has every word about a bad configuration', async () => {
    const bad = { PORT: 'x', LOG_LEVEL: 'loud' };
    const service = startService(bad, { wrap: ['sh', '-c', 'exec "$@" 2>&1', 'sh'], stdout });
    service.stdout.pause();
    expect(await service.exited).toBe(78);
    service.stdout.resume();
    expect((await service.ended).stdout.split('\n')).toEqual([
      '2 problems in the environment, nothing was started:',
      expect.stringContaining('PORT="x"'),
      expect.stringContaining('LOG_LEVEL="loud"'),
      '',
    ]);
  });

  test('whose reader goes away is dropped, with what waited for it, and the service goes on', async () => {
    const { service, url, management } = await start();
    service.stdout.pause();
    await get(`${url}/chatter?lines=500&bytes=1000`);
    expect(await droppedByMetrics(management)).toBe(0);
    service.closeStdout();
    expect((await get(url)).status).toBe(200); // writes a line that nobody takes, a few milliseconds later
    let dropped = 0;
    while (dropped === 0) dropped = await droppedByMetrics(management);
    expect(dropped).toBeGreaterThan(200);
    expect(await probe(management, '/livez')).toBe(200);

    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  test('is not waited for either when a child process has made it block', async () => {
    const { service, url, management } = await start();
    await get(`${url}/child`);
    service.stdout.pause();
    expect((await get(`${url}${TOO_MUCH}`)).status).toBe(200);
    expect(await probe(management, '/livez')).toBe(200);
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});

test('the pretty log is not waited for either, and says what is missing', async () => {
  const service = startService({ LOG_FORMAT: 'pretty' }, { entry: FIXTURE, stdout: 'pipe' });
  const portOf = async (listener: string) => {
    for (;;) {
      const port = service.lines
        .map(({ msg }) => new RegExp(`${listener} listening on port (\\d+)`).exec(msg)?.[1])
        .find((found) => found !== undefined);
      if (port !== undefined) return port;
      await once(service.stdout, 'data');
    }
  };
  const url = `http://127.0.0.1:${await portOf('http')}`;
  service.stdout.pause();
  expect((await get(`${url}${TOO_MUCH}`)).status).toBe(200);
  service.stdout.resume();
  await service.line(({ msg }) => msg.includes('"nth":2999'));
  service.kill('SIGTERM');
  const { code, stdout } = await service.ended;

  expect(code).toBe(0);
  expect(stdout).toMatch(/ WARN.*: \d+ lines are missing here: nobody read the log/);
  expect(stdout.trimEnd().split('\n').at(-1)).toContain('clean shutdown');
});
