import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { becomes, endOf, series } from '../support/series.ts';
import { PROTOCOLS, withCertificate } from '../support/states.ts';

const start = withCertificate();

describe.each(PROTOCOLS)('over %s, a flood of pipelined requests', (protocol) => {
  const active = `http_server_active_requests{listener="${protocol}"}`;
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

  test('is handled 16 at a time, and all of them are answered in order', async () => {
    const { service, url } = await start(protocol, 'ready');
    const client = await new RawClient(url).connected();
    client.socket.write(request('/crowd').repeat(1000) + request('/echo/last'));
    await client.receives('/echo/last"');
    expect(client.received.match(/most \d+/g)).toHaveLength(1000);
    expect(client.received.match(/most (\d+)(?![^]*most \d)/)?.[1]).toBe('16');
    client.socket.end();
    expect((await endOf(service, protocol)).requests.lifetime).toMatchObject({
      accepted: 1001,
      answered: 1001,
    });
  });

  test('behind one that takes its time is left with the client, and goes on after it', async () => {
    const { service, url } = await start(protocol, 'ready');
    const client = await new RawClient(url).connected();
    client.socket.write(request('/crowd?wait'));
    await becomes(service, active, 1);
    const path = `/crowd?${'x'.repeat(2000)}`;
    client.socket.write(request(path).repeat(4000)); // 8 MB, more than the buffers of the kernel take
    let before = -1;
    for (let now = 0; now !== before; now = await series(service, active)) {
      before = now;
      await sleep(200);
    }
    expect(before).toBeGreaterThan(16);
    expect(before).toBeLessThan(200); // what one read of 64 kB brings
    service.kill('SIGUSR2');
    while ((client.received.match(/most \d+/g) ?? []).length < 4001) await once(client.socket, 'data');
    client.socket.end();
    expect((await endOf(service, protocol)).requests.lifetime).toMatchObject({
      accepted: 4001,
      answered: 4001,
    });
  });

  test('behind a request that is refused is not read before that has its answer, and not processed', async () => {
    const { service, url } = await start(protocol, 'ready');
    const client = await new RawClient(url, { allowHalfOpen: true }).connected();
    client.socket.write(request('/crowd?wait'));
    await becomes(service, active, 1);
    client.socket.write(`GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${request('/crowd').repeat(400_000)}`);
    await becomes(service, active, 2);
    service.kill('SIGUSR2');
    await client.ended;
    expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect((await endOf(service, protocol)).requests.lifetime).toMatchObject({ accepted: 2, answered: 2 });
  });
});
