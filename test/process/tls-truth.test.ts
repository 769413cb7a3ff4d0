import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect } from '@jest/globals';
import { overlapping as test } from '../harness/overlapping.ts';
import { get } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { reportOf } from '../harness/report.ts';
import { freePort } from '../support/ports.ts';
import { withCertificate } from '../support/states.ts';

const start = withCertificate();

test('two TLS clients that have the same address and port, and come to two addresses, are both served', async () => {
  const { service, url } = await start('https', 'ready');
  const port = Number(new URL(url).port);
  const localPort = await freePort();
  // Both have connected before either of them begins its handshake.
  const sockets = ['127.0.0.1', '127.0.0.2'].map((host) =>
    connect({ host, port, localAddress: '127.0.0.9', localPort }),
  );
  await Promise.all(sockets.map(async (socket) => once(socket, 'connect')));
  await inOpen(service.management, 2);
  const heads = await Promise.all(
    sockets.map(async (socket) => {
      const secure = connectTls({ socket, rejectUnauthorized: false });
      secure.write('GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n');
      return String((await once(secure, 'data'))[0]).slice(0, 12);
    }),
  );
  expect(heads).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  for (const socket of sockets) socket.destroy();
});

test('a TLS record that arrives slowly is not silence', async () => {
  const { service, url, enter } = await start('https', 'draining', { SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '500ms' });
  const slow = await throttled(Number(new URL(url).port));
  const client = await new RawClient(`https://127.0.0.1:${slow.port}`).connected();
  await enter();
  slow.throttle();
  client.socket.write(`GET /echo/slow HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(11_000)}\r\n\r\n`);
  await client.receives('"/echo/slow"');
  client.socket.end();
  expect((await reportOf(service)).code).toBe(0);
});

async function inOpen(management: Promise<string>, count: number): Promise<void> {
  for (;;) {
    const { body } = await get(`${await management}/metrics`);
    if (body.includes(`http_server_connections{listener="https"} ${count}\n`)) return;
    await sleep(20);
  }
}

/** Passes bytes on, at 4 kB/s once it is told to, until the end of the test. */
async function throttled(port: number) {
  let slow = false;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    own(() => {
      client.destroy();
      upstream.destroy();
    });
    upstream.pipe(client).on('error', () => upstream.destroy());
    const queue: Buffer[] = [];
    let sending = false;
    const send = async () => {
      if (sending) return;
      sending = true;
      for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
        if (!slow) {
          upstream.write(chunk);
          continue;
        }
        for (let at = 0; at < chunk.length; at += 800) {
          upstream.write(chunk.subarray(at, at + 800));
          await sleep(200);
        }
      }
      sending = false;
    };
    client.on('data', (chunk: Buffer) => {
      queue.push(chunk);
      void send();
    });
    client.on('end', () => upstream.end());
    upstream.on('error', () => client.destroy());
  }).listen(0, '127.0.0.1');
  own(() => server.close());
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    throttle: () => {
      slow = true;
    },
  };
}
