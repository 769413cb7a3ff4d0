import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { inFlight } from '../harness/http.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, reportOf } from '../harness/report.ts';
import { EVERYWHERE, PROTOCOLS, withCertificate } from '../support/states.ts';

const start = withCertificate();

describe.each(EVERYWHERE)(
  'a client that ends its side after its request, over %s, %s,',
  (protocol, state) => {
    test.each([
      ['is answered', ''],
      [
        'is answered when it offers h2c',
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n',
      ],
    ])('%s', async (_name, headers) => {
      const { service, url, enter } = await start(protocol, state);
      const client = await new RawClient(url, { allowHalfOpen: true }).connected();
      await enter();

      client.socket.end(`GET /slow?ms=300 HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);

      expect(await client.ended).toBe('end');
      expect(client.received).toMatch(/^HTTP\/1\.1 200 [^]*"ms":300/);
      if (state === 'ready') await leave(service);
      const { code, report } = await reportOf(service);
      expect(code).toBe(0);
      const { requests } = report.listeners.find(({ name }) => name === protocol)!;
      expect(requests.lifetime).toMatchObject({ accepted: 1, answered: 1 });
    });

    test('and in the middle of its body has left', async () => {
      const { service, url, enter } = await start(protocol, state);
      const client = await new RawClient(url, { allowHalfOpen: true }).connected();
      await enter();

      client.socket.end(
        'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"',
      );

      await client.ended;
      expect(client.received).toBe('');
      if (state === 'ready') await leave(service);
      const { code, report } = await reportOf(service);
      expect(code).toBe(0);
      const { requests } = report.listeners.find(({ name }) => name === protocol)!;
      expect(requests.lifetime).toMatchObject({ accepted: 1, aborted: 1 });
    });
  },
);

describe('a client that ends its side and waits for long', () => {
  test('is told that it is not forgotten, and answered', async () => {
    const { url } = await start('http', 'ready');
    const client = await new RawClient(url, { allowHalfOpen: true }).connected();

    client.socket.end('GET /slow?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n');

    await client.ended;
    expect(client.received).toMatch(/^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  test('is told nothing in HTTP/1.0, which has no interim answers', async () => {
    const { url } = await start('http', 'ready');
    const client = await new RawClient(url, { allowHalfOpen: true }).connected();

    client.socket.end('GET /slow?ms=1500 HTTP/1.0\r\n\r\n');

    await client.ended;
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test.each(PROTOCOLS)('has left if it closes its side over %s and is gone', async (protocol) => {
    const { service, url } = await start(protocol, 'ready');
    const client = await new RawClient(url).connected();
    client.get('/slow?ms=60000');
    const management = await service.management;
    await inFlight(management, 1);

    client.socket.destroy();

    await inFlight(management, 0);
    await leave(service);
    const { report } = await reportOf(service);
    const { requests } = report.listeners.find(({ name }) => name === protocol)!;
    expect(requests.lifetime).toMatchObject({ accepted: 1, aborted: 1 });
  });

  test('has left if it was in the middle of its answer', async () => {
    const { service, url } = await start('http', 'ready');
    const client = await new RawClient(url).connected();
    client.get('/silent');
    await client.receives('first');
    const management = await service.management;
    const requests = async () =>
      (await (await fetch(`${management}/lifecycle`)).json()) as { inFlight: { ageMs: number }[] };
    while (((await requests()).inFlight[0]?.ageMs ?? 0) < 1100) await sleep(20);

    client.socket.destroy();

    await inFlight(management, 0);
    await leave(service);
    const { report } = await reportOf(service);
    expect(report.listeners[0]?.requests.lifetime).toMatchObject({ accepted: 1, aborted: 1 });
  });
});
