import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { beforeAll, expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { endsWell } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { answersTo, problemIn } from '../support/hostile.ts';
import { httpsPort, startWithTls } from '../support/https.ts';

const GET = 'GET /echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

let service: ServiceProcess;
let url: string;
let port: number;

beforeAll(async () => {
  service = await startWithTls();
  port = await httpsPort(service);
  url = `https://127.0.0.1:${port}`;
  own(isWellToTheEnd);
});

/** It still answers, and accounts for everything that was open. */
async function isWellToTheEnd(): Promise<void> {
  expect(await answersTo(url, GET)).toMatch(/^HTTP\/1\.1 200 /);
  expect((await get(`${await service.management}/livez`)).status).toBe(200);
  await endsWell(service);
}

/** How a handshake fails; rejects if it does not. */
async function failureOf(options: ConnectionOptions): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code ?? error.message;
}

/** The first bytes that a client of TLS sends. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  own(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => undefined);
  const [socket] = await accepted;
  const [hello] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  return hello;
}

test('HTTP on the port of TLS is not answered, and the connection ends', async () => {
  const client = new RawClient(url, { tls: false });
  client.socket.write(GET);
  await client.ended;
  expect(client.received).not.toContain('HTTP/');
});

test('TLS on the port of HTTP is a 400', async () => {
  problemIn(await answersTo(await service.url, await clientHello()), 400);
});

test.each(['TLSv1', 'TLSv1.1'] as const)(
  'a client of %s and nothing newer gets an alert',
  async (version) => {
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    expect(await failureOf(old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  },
);

test('a client of HTTP/2 and nothing else gets an alert', async () => {
  expect(await failureOf({ ALPNProtocols: ['h2'] })).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
});

test('a client that negotiates again and again is cut off', async () => {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  await once(socket, 'secureConnect');
  const closed = once(socket, 'close');
  const again = (left: number) => {
    if (left > 0 && !socket.destroyed) socket.renegotiate({}, () => again(left - 1));
  };
  socket.on('error', () => undefined);
  again(100);
  await closed;
});

test.each([1, 5, 6, 100, Infinity])(
  'handshakes that are reset after %d bytes leave nothing open',
  async (length) => {
    const hello = (await clientHello()).subarray(0, length);
    const ended = Array.from({ length: 20 }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.write(hello, () => socket.resetAndDestroy());
      await once(socket, 'close');
    });
    await Promise.all(ended);
  },
);

test('records that are none end the connection, and no other', async () => {
  const raw = connect(port, '127.0.0.1');
  const broken = connectTls({ socket: raw, rejectUnauthorized: false }).on('error', () => undefined);
  const other = new RawClient(url);
  await Promise.all([once(broken, 'secureConnect'), other.connected()]);
  raw.write(Buffer.from('\x17\x03\x03\0\x20this is not what was agreed upon', 'latin1'));
  await once(raw, 'close');
  other.socket.write(GET);
  expect(await other.ended).toBe('end');
  expect(other.received).toMatch(/^HTTP\/1\.1 200 /);
});
