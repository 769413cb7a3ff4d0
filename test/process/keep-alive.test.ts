import { expect, jest, test } from '@jest/globals';
import { punctual, KeepAliveClients } from '../support/keep-alive-clients.ts';
import { latencyProxy } from '../support/latency-proxy.ts';
import { own } from '../harness/own.ts';
import { startService } from '../harness/service.ts';
import { inTime } from '../harness/in-time.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';

jest.setTimeout(120_000);

const LATENCY_MS = 25;

/** Lets clients work that may pause for `mostMs`, tells the service to leave in the middle of it, and returns both sides' numbers. */
async function race(env: Record<string, string>, count: number, thinkMs: number, mostMs: number) {
  const service = startService({ LOG_LEVEL: 'info', SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s', ...env });
  const proxy = await latencyProxy(await service.url, LATENCY_MS);
  own(() => proxy.close());
  const clients = new KeepAliveClients(proxy.url, count, thinkMs, mostMs);
  await clients.busy;
  await leave(service);
  const { code, report } = await reportOf(service);
  await clients.done;
  return { code, report, ...clients.tally };
}

test('360 keep-alive clients behind 25 ms of latency lose no request', async () =>
  inTime(async () => {
    const env = { SHUTDOWN_WINDOW: '2s' };
    const { code, report, answered, lost } = await punctual(async () => race(env, 360, 1500, 1750));
    expect(lost).toEqual({});
    expect(code).toBe(0);
    const { requests, connections } = numbersOf(report);
    expect(requests.lifetime).toMatchObject({ accepted: answered, answered, aborted: 0, cut: 0 });
    expect(connections.closed).toBe(360);
  }));

test('without a window the idle rule alone saves 360 clients that pause for up to 0.5 s', async () =>
  inTime(async () => {
    const env = { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0' };
    const { report, answered, lost } = await punctual(async () => race(env, 360, 500, 750));
    expect(lost).toEqual({});
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: answered, answered });
  }));

test('of 800 clients that pause for up to 6 s, the default window loses one at most', async () =>
  inTime(async () => {
    const env = { SHUTDOWN_WINDOW: '5s', SHUTDOWN_QUIET_PERIOD: '2s' };
    const { lost } = await punctual(async () => race(env, 800, 6000, 6000));
    const total = Object.values(lost).reduce((sum, count) => sum + count, 0);
    expect(total).toBeLessThanOrEqual(1);
  }));
