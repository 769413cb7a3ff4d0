import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, reportOf } from '../harness/report.ts';
import { EVERYWHERE, PROTOCOLS, withCertificate } from '../support/states.ts';

const start = withCertificate();

const BIG = 64 * 1024 * 1024; // more than the buffers of the kernel take
const WEBSOCKET =
  'GET /big HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** Something large, and nobody reads it. */
async function deafClient(url: string, request: string): Promise<RawClient> {
  const client = await new RawClient(url).connected();
  client.socket.pause();
  client.socket.write(request);
  return client;
}

/** What the kernel keeps for clients of a port, in bytes. */
function unsent(port: string): number {
  const hex = Number(port).toString(16).toUpperCase().padStart(4, '0');
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((table) => readFileSync(table, 'latin1')).join('');
  const lines = tables.matchAll(new RegExp(`^ *\\d+: \\S+:${hex} \\S+ (\\S+) (\\S+):`, 'gm'));
  return [...lines].reduce(
    (sum, [, state, queue = '']) => sum + (state === '0A' ? 0 : parseInt(queue, 16)),
    0,
  );
}

async function moreFor({ socket, received, ended }: RawClient): Promise<void> {
  const how = await Promise.race([once(socket, 'data').then(() => ''), ended]);
  if (how !== '') throw new Error(`${how} after ${received.length} bytes`);
}

describe.each(EVERYWHERE)('over %s, %s, a client that does not read', (protocol, state) => {
  test('its answer is cut after SEND_TIMEOUT, counted as stalled, and its request as aborted', async () => {
    const { service, url, enter } = await start(protocol, state, { SEND_TIMEOUT: '400ms' });
    const client = await new RawClient(url).connected();
    client.socket.pause();
    await enter();
    client.get('/big');
    expect(await service.line({ event: 'refused' })).toMatchObject({
      level: 'info',
      listener: protocol,
      refused: { stalled: 1 },
      msg: `${protocol} turned away 1 that did not read`,
    });
    // Closed without a reset, the kernel would keep the rest for as long as that client is there.
    expect(unsent(new URL(url).port)).toBe(0);
    client.socket.destroy();
    if (state === 'ready') await leave(service);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    const { requests, connections } = report.listeners.find(({ name }) => name === protocol)!;
    expect(requests.lifetime).toMatchObject({ accepted: 1, aborted: 1, cut: 0, broken: 0 });
    expect(connections.lifetime).toMatchObject({ accepted: 1, stalled: 1, cut: 0 });
  });
});

describe.each(PROTOCOLS)('over %s,', (protocol) => {
  test('a WebSocket whose client does not read is cut after SEND_TIMEOUT', async () => {
    const { service, url } = await start(protocol, 'ready', { SEND_TIMEOUT: '400ms' });
    const client = await deafClient(url, WEBSOCKET);
    await service.line({ event: 'refused' });
    client.socket.destroy();
    const { body } = await get(`${await service.management}/metrics`);
    expect(body).toContain(`http_server_stalled_connections_total{listener="${protocol}"} 1\n`);
    await leave(service);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    const { connections } = report.listeners.find(({ name }) => name === protocol)!;
    expect(connections.lifetime).toMatchObject({ accepted: 1, stalled: 1, upgraded: 0 });
  });

  test('a client that reads slowly and steadily gets all of its answer', async () => {
    const { service, url } = await start(protocol, 'ready', { SEND_TIMEOUT: '1s' });
    const client = await new RawClient(url).connected();
    const { socket } = client;
    client.get('/big');
    // 640 kB a second: the kernel of the service has room for more only every few seconds.
    for (let i = 0; i < 40; i++) {
      await moreFor(client);
      socket.pause();
      await sleep(100);
      socket.resume();
    }
    while (client.received.length < BIG) await moreFor(client);
    socket.end();
    await leave(service);
    const { report } = await reportOf(service);
    const { requests, connections } = report.listeners.find(({ name }) => name === protocol)!;
    expect(requests.lifetime).toMatchObject({ accepted: 1, answered: 1 });
    expect(connections.lifetime).toMatchObject({ stalled: 0 });
  });

  test('a stream that has nothing to say for longer than SEND_TIMEOUT is not cut', async () => {
    const { service, url } = await start(protocol, 'ready', { SEND_TIMEOUT: '50ms' });
    const client = await new RawClient(url).connected();
    client.get('/slow?ms=1000');
    await client.receives('"ms":1000');
    client.socket.end();
    await leave(service);
    expect((await reportOf(service)).code).toBe(0);
  });
});

test('SEND_TIMEOUT=0 waits for ever', async () => {
  const { service, url } = await start('http', 'ready', { SEND_TIMEOUT: '0' });
  const deaf = await deafClient(url, 'GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
  await inFlight(await service.management, 1);
  await sleep(300);
  await inFlight(await service.management, 1);
  deaf.socket.destroy();
  await leave(service);
  const { report } = await reportOf(service);
  expect(report.listeners[0]!.connections.lifetime).toMatchObject({ stalled: 0, left: 1 });
});
