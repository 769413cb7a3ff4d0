import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { get, inFlight, probe } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { EVERYWHERE, withCertificate } from '../support/states.ts';

const start = withCertificate();
const FIXTURE = { entry: 'test/process/fixture.mjs' };

describe.each(EVERYWHERE)('over %s, %s,', (protocol, state) => {
  test('an answer that its handler breaks off is counted as broken, and makes a drain no clean one', async () => {
    const { service, url, enter } = await start(protocol, state);
    const client = await new RawClient(url).connected();
    await enter();
    client.get('/break');
    await client.receives('half');
    await client.ended;
    if (state === 'ready') await leave(service);
    const { code, report } = await reportOf(service);
    const { requests, connections } = report.listeners.find(({ name }) => name === protocol)!;
    expect(requests.lifetime).toMatchObject({ accepted: 1, answered: 0, aborted: 0, broken: 1 });
    expect(connections.lifetime).toMatchObject({ accepted: 1, broken: 1, left: 0 });
    expect(code).toBe(state === 'draining' ? 80 : 0);
    expect(report.cutRequests).toMatchObject(
      state === 'draining' ? [{ outcome: 'broken', listener: protocol }] : [],
    );
  });

  test('a handler that throws is a 500, and a line in the log', async () => {
    const { service, url, enter } = await start(protocol, state);
    const client = await new RawClient(url).connected();
    await enter();
    client.get('/throw');
    await client.receives('"status":500');
    expect(client.received).toMatch(/^HTTP\/1\.1 500 /);
    expect(await service.line({ event: 'thrown' })).toMatchObject({
      level: 'error',
      err: { message: 'boom' },
    });
    client.socket.end();
    if (state === 'ready') await leave(service);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    const { requests } = report.listeners.find(({ name }) => name === protocol)!;
    expect(requests.lifetime).toMatchObject({ accepted: 1, answered: 1 });
  });
});

test('a goodbye that throws is a line in the log, and its socket is cut when the time comes', async () => {
  const { service, url } = await start('http', 'ready', { SHUTDOWN_DRAIN_TIMEOUT: '300ms' });
  const client = await new RawClient(url).connected();
  client.socket.write(
    'GET /bad-goodbye HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await client.receives('hello');
  await leave(service);
  expect(await service.line({ event: 'thrown' })).toMatchObject({ msg: 'a goodbye threw: boom' });
  const { code } = await reportOf(service);
  expect(code).toBe(80);
});

test('a request that crosses the end of its connection on the wire is counted as lost by us', async () => {
  const { service, url, enter } = await start('http', 'draining', { SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '300ms' });
  const client = await new RawClient(url, { allowHalfOpen: true }).connected();
  await enter();
  await once(client.socket.resume(), 'end'); // our FIN has come, and the request is written all the same
  client.get('/echo/late');
  expect(await service.line({ event: 'cut' })).toMatchObject({ outcome: 'broken', method: 'GET' });
  client.socket.end();
  const { code, report } = await reportOf(service);
  expect(code).toBe(80);
  expect(report).toMatchObject({ outcome: 'cut' });
  expect(numbersOf(report)).toMatchObject({
    result: 'cut',
    connections: { broken: 1, idle: 0 },
    requests: { broken: 1, lifetime: { accepted: 1, answered: 0 } },
  });
});

test('keep-alive ends a silent connection with a FIN and reads on, as the drain does', async () => {
  const { service, url } = await start('http', 'ready', { KEEP_ALIVE_TIMEOUT: '300ms' });
  const client = await new RawClient(url, { allowHalfOpen: true }).connected();
  client.get('/echo/1');
  await client.receives('"/echo/1"');
  await once(client.socket, 'end');
  client.get('/echo/late');
  client.socket.end();
  expect(await client.ended).toBe('end');
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0); // long before the drain
  expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 2, answered: 1, broken: 1 });
});

test('an error while the service is already leaving is in the report', async () => {
  const service = startService({ SHUTDOWN_WINDOW: '5s' }, FIXTURE);
  const url = await service.url;
  service.kill('SIGTERM');
  await service.line({ state: 'lame-duck' });
  await get(`${url}/crash`).catch(() => undefined);
  service.kill('SIGINT');
  service.kill('SIGINT');
  await service.line({ event: 'fatal' });
  const { code, report } = await reportOf(service);
  expect(code).toBe(1);
  expect(report).toMatchObject({ reason: 'SIGTERM', outcome: 'crash', error: 'boom' });
});

test('an error in a hook that nobody catches is in the report', async () => {
  const service = startService({ FIXTURE: 'crashing' }, FIXTURE);
  await service.line({ state: 'ready' });
  service.kill('SIGTERM');
  const { code, report } = await reportOf(service);
  expect(code).toBe(1);
  expect(report).toMatchObject({ reason: 'SIGTERM', outcome: 'crash', error: 'boom' });
});

test('a hook that keeps the event loop busy for longer than its time has timed out', async () => {
  const service = startService({ FIXTURE: 'good,blocking' }, FIXTURE);
  await service.line({ state: 'ready' });
  service.kill('SIGTERM');
  const { code, report } = await reportOf(service);
  expect(code).toBe(81);
  expect(report.hooks).toMatchObject([
    { name: 'blocking', result: 'timeout' },
    { name: 'good', result: 'ok' },
  ]);
  expect(report.lateMs.cleanup).toBeGreaterThan(1000);
});

test('bytes that a client has not read are not reported as sent', async () => {
  const service = startService({ SHUTDOWN_DRAIN_TIMEOUT: '500ms' }, FIXTURE);
  const client = await new RawClient(await service.url).connected();
  client.socket.pause();
  client.get('/big');
  await inFlight(await service.management, 1);
  service.kill('SIGTERM');
  const { code, report } = await reportOf(service);
  expect(code).toBe(80);
  client.socket.resume();
  await client.ended;
  const sent = report.cutRequests[0]?.bytesSent ?? 0;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeGreaterThanOrEqual(client.received.length);
  expect(sent).toBeLessThan(16 * 1024 * 1024); // of 64; the buffers of the kernel are smaller than that
});

test('clients that use up all descriptors do not keep the probes from being answered, and are counted', async () => {
  const service = startService({}, { wrap: ['sh', '-c', 'ulimit -n 80; exec "$0" "$@"'] });
  const url = await service.url;
  const management = await service.management;
  const clients = await Promise.all(Array.from({ length: 200 }, async () => new RawClient(url).connected()));
  const refused = await service.line({ event: 'refused' });
  expect(refused).toMatchObject({ level: 'warn', listener: 'http' });
  expect(await probe(management, '/readyz')).toBe(200);
  expect(await probe(management, '/livez')).toBe(200);
  const scrape = async () => {
    const { body } = await get(`${management}/metrics`);
    const numberOf = (metric: string, reason = '') =>
      Number(new RegExp(`^${metric}\\{listener="http"${reason}\\} (\\d+)$`, 'm').exec(body)?.[1]);
    return {
      open: numberOf('http_server_connections'),
      refused: numberOf('http_server_refused_connections_total', ',reason="descriptors"'),
    };
  };
  // The kernel has taken all of them; the process takes them one by one. One that is refused is open, too, until it has closed.
  let { open, refused: gone } = await scrape();
  for (let before = -1; open + gone !== 200 || gone !== before;) {
    before = gone;
    await sleep(20);
    ({ open, refused: gone } = await scrape());
  }
  expect(open).toBeLessThan(64);
  for (const { socket } of clients) socket.destroy();
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  expect(numbersOf(report).connections.lifetime).toMatchObject({ accepted: 200, refused: 200 - open });
});
