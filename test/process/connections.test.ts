import { once } from 'node:events';
import { expect } from '@jest/globals';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { inFlight } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };
const NO_WINDOW = { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0' };

describe('the accept queue', () => {
  test('60 connections that wait in it when the listener closes are all served', async () => {
    const service = startService({ ...NO_WINDOW }, FIXTURE);
    const url = await service.url;
    const blocker = new RawClient(url);
    blocker.get('/block?ms=700');
    await service.line({ event: 'fixture', msg: 'blocking' });
    // The kernel completes these while the event loop is busy, and the signal is there before any of them is taken.
    service.kill('SIGTERM');
    const clients = await Promise.all(Array.from({ length: 60 }, async () => new RawClient(url).connected()));
    for (const client of clients) client.get('/');
    const ends = await Promise.all(clients.map(async ({ ended }) => ended));
    expect(ends.filter((how) => how !== 'end')).toEqual([]);
    expect(clients.filter(({ received }) => received.startsWith('HTTP/1.1 200'))).toHaveLength(60);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 61, answered: 61 });
  });
});

describe('pipelined requests', () => {
  test('with SIGTERM between them are all answered, and only the last answer says close', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '3s' }, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/slow?ms=400');
    await inFlight(await service.management, 1);
    await leave(service);
    client.get('/echo/2');
    client.get('/echo/3');
    expect(await client.ended).toBe('end');
    const heads = client.heads();
    expect(heads.map((head) => head.slice(0, 12))).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(heads.map((head) => head.includes('Connection: close'))).toEqual([false, false, true]);
    expect((await reportOf(service)).code).toBe(0);
  });

  test('that come in one packet after the signal are all answered, and only the last answer says close', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '3s' });
    const client = await new RawClient(await service.url).connected();
    await leave(service);
    const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    client.socket.write(request('/') + request('/echo/2') + request('/echo/3'));
    expect(await client.ended).toBe('end');
    expect(client.heads().map((head) => head.includes('Connection: close'))).toEqual([false, false, true]);
    const { report } = await reportOf(service);
    expect(numbersOf(report).requests).toMatchObject({ served: 3, lifetime: { accepted: 3 } });
  });

  test('that come behind an answer that said close are not processed', async () => {
    const service = startService({ SHUTDOWN_WINDOW: '3s' }, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/stream?ms=0');
    await client.receives('first');
    await leave(service);
    const late = new RawClient(await service.url);
    late.get('/stream?ms=300');
    await late.receives('first');
    late.get('/echo/late');
    await late.receives('last');
    expect(await late.ended).toBe('end');
    expect(late.heads()).toHaveLength(1);
    client.socket.destroy();
    const { report } = await reportOf(service);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 2, answered: 1, aborted: 1 });
  });
});

describe('connections that keep a drain waiting', () => {
  test('one whose answer had promised keep-alive ends when it has been idle for the minimum', async () => {
    const service = startService({ ...NO_WINDOW, SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '300ms' }, FIXTURE);
    const client = new RawClient(await service.url);
    client.get('/stream?ms=600');
    await client.receives('first');
    expect(client.received).toContain('Connection: keep-alive');
    await leave(service);
    await client.receives('last');
    const bodyAt = performance.now();
    expect(await client.ended).toBe('end');
    const idleMs = performance.now() - bodyAt;
    expect(idleMs).toBeGreaterThanOrEqual(250); // the client's clock started a little later
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).connections).toMatchObject({ idle: 1, closed: 0 });
    expect(report.ms.drain).toBeLessThan(5000); // and not after the 65 s of KEEP_ALIVE_TIMEOUT
  });

  test('silent ones and half-sent headers are ended, a half-sent body is cut, all on time', async () => {
    const service = startService({
      ...NO_WINDOW,
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms',
      SHUTDOWN_DRAIN_TIMEOUT: '1s',
    });
    const url = await service.url;
    const silent = await new RawClient(url).connected();
    const half = await new RawClient(url).connected();
    half.socket.write('GET / HTTP/1.1\r\nHo');
    const body = await new RawClient(url).connected();
    body.socket.write(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a"',
    );
    await inFlight(await service.management, 1);
    await leave(service);
    expect(await silent.ended).toBe('end');
    expect(await half.ended).toBe('end');
    await body.ended;
    const { code, report } = await reportOf(service);
    expect(code).toBe(80);
    expect(numbersOf(report)).toMatchObject({ connections: { idle: 2, cut: 1 }, requests: { cut: 1 } });
    expect(report.cutRequests).toMatchObject([{ method: 'POST', route: '/echo', bytesSent: 0 }]);
  });

  test('half-sent headers that go on in the drain become a request and are answered', async () => {
    const service = startService({ ...NO_WINDOW, SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s' });
    const client = await new RawClient(await service.url).connected();
    client.socket.write('GET /echo/half HTTP/1.1\r\nHo');
    await leave(service);
    await service.line({ state: 'draining' });
    client.socket.write('st: localhost\r\n\r\n');
    expect(await client.ended).toBe('end');
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(client.received).toContain('Connection: close');
    expect((await reportOf(service)).code).toBe(0);
  });
});

describe('early answers', () => {
  /** Uploads 8 MB as fast as it goes, whatever comes back meanwhile. */
  async function upload(url: string, path: string): Promise<RawClient> {
    const client = await new RawClient(url).connected();
    const { socket } = client;
    const size = 8 * 1024 * 1024;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const send = async () => {
      for (let sent = 0; sent < size && socket.writable; sent += chunk.length) {
        if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), client.ended]);
      }
    };
    await Promise.all([send().catch(() => undefined), client.ended]);
    return client;
  }

  test.each([413, 503])('a %i reaches all of 30 clients that are still sending 8 MB', async (status) => {
    const service = startService({}, FIXTURE);
    const url = await service.url;
    const clients = await Promise.all(
      Array.from({ length: 30 }, async () => upload(url, `/early?status=${status}`)),
    );
    const seen = clients.filter(({ received }) => received.startsWith(`HTTP/1.1 ${status} `));
    expect(seen).toHaveLength(30);
    await leave(service);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 30, answered: 30 });
  });

  test('one to an upload that never ends is bounded', async () => {
    const service = startService({}, FIXTURE);
    const client = await new RawClient(await service.url, { allowHalfOpen: true }).connected();
    client.socket.write(
      'POST /early?status=413 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99\r\n\r\nx',
    );
    await client.receives('no, thank you');
    await once(client.socket, 'end'); // the other side has said what it had to say; we never do
    const trickle = setInterval(() => client.socket.write('x'), 2000);
    expect(['ECONNRESET', 'EPIPE']).toContain(await client.ended);
    clearInterval(trickle);
  });
});
