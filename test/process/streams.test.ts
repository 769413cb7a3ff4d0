import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { WebSocket } from 'ws';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { get, inFlight } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

/** How far apart the first and the last of these moments are. */
const spanOf = (moments: number[]) => Math.max(...moments) - Math.min(...moments);

describe('event streams', () => {
  test('500 of them all get the goodbye, spread over the window, and none is cut', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '2s' });
    const url = await service.url;
    const clients = Array.from({ length: 500 }, () => new RawClient(url));
    for (const client of clients) client.get('/events');
    await Promise.all(clients.map(async (client) => client.receives('data:')));
    const goodbyes = Promise.all(
      clients.map(async (client) => {
        await client.receives('event: goodbye');
        return performance.now();
      }),
    );
    await leave(service);
    const span = spanOf(await goodbyes);
    expect(await Promise.all(clients.map(async ({ ended }) => ended))).toEqual(clients.map(() => 'end'));
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests).toMatchObject({ inFlightAtSignal: 500, cut: 0, aborted: 0 });
    expect(numbersOf(report).requests.lifetime.answered).toBe(500);
    expect(span).toBeGreaterThan(1000);
  });

  test('one that opens in the window is told before the window ends', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '3s' });
    const url = await service.url;
    await leave(service);
    const { body } = await get(`${url}/events`);
    expect(body).toContain('event: goodbye');
    expect((await reportOf(service)).code).toBe(0);
  });
});

describe('WebSockets', () => {
  test('190 of them get close code 1001 spread over the window, 10 that ignore it are cut and counted', async () => {
    const env = { SHUTDOWN_WINDOW: '2s', SHUTDOWN_DRAIN_TIMEOUT: '500ms' };
    const service = startService(env, FIXTURE);
    const url = (await service.url).replace('http', 'ws');
    const open = async (path: string) => {
      const socket = new WebSocket(`${url}${path}`);
      socket.on('error', () => undefined);
      await once(socket, 'message');
      const closed = new Promise<{ code: number; at: number }>((resolve) => {
        socket.once('close', (code) => resolve({ code, at: performance.now() }));
      });
      return closed.then(({ code, at }) => ({ code, at }));
    };
    const paths = Array.from({ length: 200 }, (_, i) => (i % 20 === 0 ? '/deaf' : '/polite'));
    const closed = paths.map(open);
    for (;;) {
      const { connections } = await scrape(await service.management);
      if (connections === 200) break;
      await sleep(20);
    }
    await leave(service);
    const results = await Promise.all(closed);
    const polite = results.filter((_, i) => paths[i] === '/polite');
    const deaf = results.filter((_, i) => paths[i] === '/deaf');
    expect(new Set(polite.map(({ code }) => code))).toEqual(new Set([1001]));
    expect(spanOf(polite.map(({ at }) => at))).toBeGreaterThan(1000);
    expect(new Set(deaf.map(({ code }) => code))).toEqual(new Set([1006]));
    const { code, report } = await reportOf(service);
    expect(code).toBe(80);
    expect(numbersOf(report)).toMatchObject({ result: 'cut', connections: { upgraded: 190, cut: 10 } });
    expect(report.cutRequests).toHaveLength(10);
    expect(report.cutRequests[0]).toMatchObject({ method: 'GET', route: 'upgrade' });
  });
});

describe('responses that stream across the signal', () => {
  test('are answered whole', async () => {
    const service = startService({}, FIXTURE);
    const answer = get(`${await service.url}/stream?ms=800`);
    await inFlight(await service.management, 1, answer);
    await leave(service);
    expect((await answer).body.endsWith('last\n')).toBe(true);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests).toMatchObject({ drained: 1, aborted: 0, cut: 0 });
  });

  test('and whose client leaves are aborted, not cut', async () => {
    const service = startService({}, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/stream?ms=0');
    await client.receives('first');
    await leave(service);
    await service.line({ state: 'draining' });
    client.socket.destroy();
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests).toMatchObject({ drained: 0, aborted: 1, cut: 0 });
  });

  test('and whose client leaves in the middle of a big one are aborted, though all of it was written', async () => {
    const service = startService({}, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/big');
    await once(client.socket, 'data');
    client.socket.pause();
    await leave(service);
    await service.line({ state: 'draining' });
    client.socket.resetAndDestroy();
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests).toMatchObject({ drained: 0, aborted: 1, cut: 0 });
  });

  test('and that are stuck half-way through a big one are cut, though all of it was written', async () => {
    const service = startService({ SHUTDOWN_DRAIN_TIMEOUT: '300ms' }, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/big');
    await once(client.socket, 'data');
    client.socket.pause();
    await leave(service);
    const { code, report } = await reportOf(service);
    client.socket.destroy();
    expect(code).toBe(80);
    expect(numbersOf(report).requests).toMatchObject({ drained: 0, aborted: 0, cut: 1 });
  });

  test('and whose client has closed its half are never counted as cut', async () => {
    const service = startService({}, FIXTURE);
    const client = new RawClient(await service.url, { allowHalfOpen: true });
    client.get('/stream?ms=600');
    client.socket.end();
    await leave(service);
    await client.ended;
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    const { accepted, answered, aborted } = numbersOf(report).requests.lifetime;
    expect({ accepted, ended: answered + aborted }).toEqual({ accepted: 1, ended: 1 });
  });
});

/** Gauges of the traffic listener, from a real scrape. */
async function scrape(management: string): Promise<{ connections: number }> {
  const { body } = await get(`${management}/metrics`);
  return { connections: Number(/^http_server_connections\{listener="http"\} (\d+)/m.exec(body)?.[1]) };
}
