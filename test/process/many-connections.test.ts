import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { get, probe } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';

// One after the other: they measure.
jest.setTimeout(180_000);

const WANTED = 20_000;
/** Of this process and of the service, each of which has a descriptor for every connection, and some for the rest. */
const [, limit] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
const COUNT = Math.min(WANTED, Number(limit) - 200);
if (COUNT < WANTED) {
  process.stderr.write(
    `SKIPPED: the last ${WANTED - COUNT} of ${WANTED} connections: ${limit} descriptors\n`,
  );
}
/** What connects at the same time; the kernel keeps 511 for a listener. */
const BATCH = 400;

const request = 'GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n';

/** Connects to one of several addresses of this machine, each of which has 28,000 ports to come from. */
async function client(url: string, nth: number): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), `127.0.0.${1 + (nth % 4)}`);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function answered(socket: Socket): Promise<void> {
  socket.write(request);
  await once(socket, 'data');
}

async function metric(service: ServiceProcess, name: string): Promise<number> {
  const { body } = await get(`${await service.management}/metrics`);
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );
}

test(`${COUNT} idle connections cost some kilobytes each, and nobody has to wait because of them`, async () => {
  const service = startService({
    SHUTDOWN_DRAIN_TIMEOUT: '60s',
    KEEP_ALIVE_TIMEOUT: '10m',
    MAX_CONNECTIONS: '0',
  });
  const url = await service.url;
  await get(`${url}/echo/x`);
  const rssBefore = await metric(service, 'process_resident_memory_bytes');

  const management = await service.management;
  const probed: (number | string)[] = [];
  const sockets: Socket[] = [];
  own(() => {
    for (const socket of sockets) socket.destroy();
  });
  while (sockets.length < COUNT) {
    const batch = Array.from({ length: Math.min(BATCH, COUNT - sockets.length) }, async (_, nth) => {
      const socket = await client(url, sockets.length + nth);
      await answered(socket);
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
    if (sockets.length % (10 * BATCH) === 0) {
      probed.push(...(await Promise.all(['/livez', '/readyz'].map(async (path) => probe(management, path)))));
    }
  }
  expect(new Set(probed)).toEqual(new Set([200]));
  expect(await metric(service, 'http_server_connections{listener="http"}')).toBe(COUNT);
  const kilobytes = ((await metric(service, 'process_resident_memory_bytes')) - rssBefore) / 1024 / COUNT;
  expect(kilobytes).toBeLessThan(20);
  await answered(sockets[0]!);
  expect((await get(`${url}/echo/x`)).status).toBe(200);

  const ends = Promise.all(sockets.map(async (socket) => socket.closed || once(socket, 'close')));
  await leave(service);
  await ends;
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  const { connections, requests } = numbersOf(report);
  expect(connections.lifetime).toMatchObject({ accepted: COUNT + 2, idle: COUNT, broken: 0, cut: 0 });
  expect(requests.lifetime).toMatchObject({ accepted: COUNT + 3, answered: COUNT + 3 });
  const drained = `drained in ${report.ms.drain} ms`;
  process.stdout.write(`${COUNT} connections: ${kilobytes.toFixed(1)} kB each, ${drained}\n`);
});

test('2,000 connections that come while the process stands still are all served, whatever the kernel has room for', async () => {
  const service = startService({}, { entry: 'test/process/fixture.mjs' });
  const url = await service.url;
  const blocked = get(`${url}/block?ms=1500`);
  await service.line({ event: 'fixture', msg: 'blocking' });
  // Beyond its backlog the kernel takes no more, and clients try again after a second, three, seven.
  const sockets = await Promise.all(
    Array.from({ length: 2000 }, async (_, nth) => {
      const socket = await client(url, nth);
      await answered(socket);
      return socket;
    }),
  );
  expect((await blocked).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 2001, answered: 2001 });
});
