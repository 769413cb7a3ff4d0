import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';

const BIG = 64 * 1024 * 1024; // more than the buffers of the kernel take
const HEADERS = { Connection: 'Upgrade', Upgrade: 'websocket' };

/** A target that has much to say, also to those who want a WebSocket. */
async function target(): Promise<{ url: string; closed: Promise<void> }> {
  const server = createServer((_req, res) => res.end(Buffer.alloc(BIG)));
  server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.write(Buffer.from([0x82, 127, 0, 0, 0, 0, 4, 0, 0, 0])); // one frame of that length
    socket.write(Buffer.alloc(BIG));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => {
    server.closeAllConnections();
    server.close();
  });
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.once('close', resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, closed };
}

test.each([
  ['an answer', ''],
  [
    'a WebSocket',
    Object.entries(HEADERS)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(''),
  ],
])(
  '%s of a target whose client does not read is cut after SEND_TIMEOUT, and the target learns it',
  async (_what, headers) => {
    const { url, closed } = await target();
    const service = startService({ GATEWAY_TARGETS: `/away=${url}`, SEND_TIMEOUT: '400ms' });
    const client = await new RawClient(await service.url).connected();
    client.socket.pause();
    client.socket.write(`GET /away HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    await service.line({ event: 'refused', msg: 'http turned away 1 that did not read' });
    await closed;
    client.socket.destroy();
    await leave(service);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).connections.lifetime).toMatchObject({ accepted: 1, stalled: 1 });
    expect(numbersOf(report).requests.lifetime).toMatchObject({ cut: 0, broken: 0 });
  },
);
