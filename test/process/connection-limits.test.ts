import { expect } from '@jest/globals';
import { probe } from '../harness/http.ts';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { becomes, endOf, series } from '../support/series.ts';
import { PROTOCOLS, withCertificate } from '../support/states.ts';

const start = withCertificate();

describe.each(PROTOCOLS)('MAX_CONNECTIONS=20, over %s,', (protocol) => {
  const refusals = `http_server_refused_connections_total{listener="${protocol}",reason="limit"}`;

  test('closes the rest of a flood at once, counts and logs it, and leaves the probes alone', async () => {
    const { service, url } = await start(protocol, 'ready', { MAX_CONNECTIONS: '20' });
    const management = await service.management;
    const clients = Array.from({ length: 20 }, () => new RawClient(url));
    await Promise.all(clients.map(async (client) => client.connected()));
    const more = Array.from({ length: 200 }, () => new RawClient(url));
    await Promise.all(more.map(async ({ ended }) => ended));
    expect(await series(service, refusals)).toBe(200);
    expect(await service.line({ event: 'refused' })).toMatchObject({ level: 'warn', listener: protocol });
    for (const path of ['/livez', '/readyz']) expect(await probe(management, path)).toBe(200);

    for (const client of clients) {
      client.get('/echo/kept');
      await client.receives('/echo/kept"');
    }
    const [first] = clients;
    first?.socket.end();
    await first?.ended;
    await becomes(service, `http_server_connections{listener="${protocol}"}`, 19);
    const next = new RawClient(url);
    next.get('/echo/next');
    await next.receives('/echo/next"');

    for (const { socket } of [...clients, next]) socket.end();
    const { connections } = await endOf(service, protocol);
    expect(connections.lifetime).toMatchObject({ accepted: 221, refused: 200, broken: 0 });
  });
});

const REFUSED: [what: string, status: number, bytes: string][] = [
  ['what is no HTTP', 400, 'GARBAGE\r\n\r\n'],
  ['CONNECT', 405, 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'],
  ['half a request', 408, 'GET / HTTP/1.1\r\nHo'],
  ['headers that are too large', 431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
];

describe.each(PROTOCOLS)('over %s, what never becomes a request', (protocol) => {
  test('is counted by the status of its answer, each once, and logged', async () => {
    const { service, url } = await start(protocol, 'ready', { HEADERS_TIMEOUT: '2s' });
    const answers = REFUSED.map(async ([what, , bytes]) => {
      const client = new RawClient(url);
      client.socket.write(bytes);
      await client.ended;
      return [what, client.received.slice(0, 12)];
    });
    expect(await Promise.all(answers)).toEqual(REFUSED.map(([what, status]) => [what, `HTTP/1.1 ${status}`]));
    for (const [, status] of REFUSED) {
      const labels = `listener="${protocol}",http_response_status_code="${status}"`;
      expect(await series(service, `http_server_refused_requests_total{${labels}}`)).toBe(1);
    }
    const { requests, connections } = await endOf(service, protocol);
    expect(requests.lifetime).toMatchObject({ accepted: 0 });
    expect(connections.lifetime).toMatchObject({ accepted: REFUSED.length, closed: REFUSED.length });
    expect(service.lines.filter(({ event }) => event === 'refused')).not.toEqual([]);
  });
});

test('a flood of garbage is one line a second, which counts all of it', async () => {
  const { service, url } = await start('http', 'ready');
  const startedAt = performance.now();
  const clients = Array.from({ length: 300 }, () => new RawClient(url));
  for (const { socket } of clients) socket.write('GARBAGE\r\n\r\n');
  await Promise.all(clients.map(async ({ ended }) => ended));
  const said = () => service.lines.filter(({ event }) => event === 'refused');
  const total = () =>
    said().reduce((sum, { refused }) => sum + (refused as Record<string, number>)['400']!, 0);
  while (total() < 300) await service.line({ event: 'refused' }, said().length + 1);
  expect(total()).toBe(300);
  expect(said().length).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 1000);
  await endOf(service, 'http');
});

(PROTOCOLS.includes('https') ? describe : describe.each([]))('a handshake', () => {
  const failed = 'http_server_refused_connections_total{listener="https",reason="handshake"}';

  test('that is plain text is refused and counted', async () => {
    const { service, url } = await start('https', 'ready');
    const client = new RawClient(url, { tls: false });
    client.get('/');
    await client.ended;
    await becomes(service, failed, 1);
    expect(await service.line({ event: 'refused' })).toMatchObject({ refused: { handshake: 1 } });
    expect((await endOf(service, 'https')).connections.lifetime).toMatchObject({ accepted: 1, refused: 1 });
  });

  test('that does not go on is given up after HEADERS_TIMEOUT', async () => {
    const { service, url } = await start('https', 'ready', { HEADERS_TIMEOUT: '300ms' });
    const client = await new RawClient(url, { tls: false }).connected();
    client.socket.write(Buffer.from([22, 3, 1])); // the beginning of a record
    await client.ended;
    await becomes(service, failed, 1);
    expect((await endOf(service, 'https')).connections.lifetime).toMatchObject({ accepted: 1, refused: 1 });
  });

  test('whose client leaves is not held against anybody', async () => {
    const { service, url } = await start('https', 'ready');
    const client = await new RawClient(url, { tls: false }).connected();
    client.socket.end();
    await client.ended;
    await becomes(service, 'http_server_connections{listener="https"}', 0);
    expect(await series(service, failed)).toBe(0);
    expect((await endOf(service, 'https')).connections.lifetime).toMatchObject({ accepted: 1, left: 1 });
  });
});
