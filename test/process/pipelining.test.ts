import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, reportOf } from '../harness/report.ts';
import { EVERYWHERE, type Protocol, SERVING, withCertificate } from '../support/states.ts';

const start = withCertificate();

const SLOW = 'GET /slow?ms=400 HTTP/1.1\r\nHost: x\r\n\r\n';
const H2C = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
const WEBSOCKET =
  'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** The statuses of all answers, in order. */
function statuses(client: RawClient): number[] {
  return [...client.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

/** Ends the service if it has not been told to, and returns what it says of one listener. */
async function numbers(service: ServiceProcess, protocol: Protocol) {
  if (!service.lines.some(({ event }) => event === 'signal')) await leave(service);
  const { code, report } = await reportOf(service);
  return { code, ...report.listeners.find(({ name }) => name === protocol)! };
}

describe.each(EVERYWHERE)('behind a request, over %s, %s:', (protocol, state) => {
  test.each<[string, string, number[], counted: number]>([
    [
      'an offer of h2c is answered as a request, in its turn',
      `GET /echo/2 HTTP/1.1\r\n${H2C}\r\n`,
      [200, 200],
      2,
    ],
    [
      'an offer of h2c with a body is refused, in its turn',
      `POST /echo HTTP/1.1\r\n${H2C}Content-Length: 2\r\n\r\n{}`,
      [200, 400],
      2,
    ],
    ['half of the preface of HTTP/2 is refused, in its turn', 'PRI /x\r\n\r\n', [200, 400], 2],
    ['CONNECT is refused, in its turn', 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', [200, 405], 1],
    ['what is no HTTP is refused, in its turn', 'GARBAGE\r\n\r\n', [200, 400], 1],
  ])('%s', async (_name, second, expected, counted) => {
    const { service, url, enter } = await start(protocol, state);
    const client = await new RawClient(url).connected();
    await enter();

    client.socket.write(SLOW + second);

    expect(await client.ended).toBe('end');
    expect(statuses(client)).toEqual(expected);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 [^]*"ms":400/);
    const { code, requests } = await numbers(service, protocol);
    expect(code).toBe(0);
    expect(requests.lifetime).toMatchObject({ accepted: counted, answered: counted });
  });

  test('a WebSocket opens when the request has been answered', async () => {
    const { service, url, enter } = await start(protocol, state, { SHUTDOWN_DRAIN_TIMEOUT: '3s' });
    const client = await new RawClient(url).connected();
    await enter();

    client.socket.write(SLOW + WEBSOCKET);

    await client.receives('hello');
    expect(statuses(client)).toEqual([200, 101]);
    client.socket.destroy();
    const { code, connections } = await numbers(service, protocol);
    expect(code).toBe(0);
    expect(connections.lifetime).toMatchObject({ accepted: 1, upgraded: 1 });
  });

  test('a handler of upgrades that throws ends that connection and nothing else', async () => {
    const { service, url, enter } = await start(protocol, state);
    const client = await new RawClient(url).connected();
    const other = await new RawClient(url).connected();
    await enter();

    client.socket.write(SLOW + WEBSOCKET.replace('/chat', '/throw'));
    await client.ended;
    expect(statuses(client)).toEqual([200]);
    expect(await service.line({ event: 'thrown' })).toMatchObject({
      level: 'error',
      listener: protocol,
      msg: 'GET upgrade threw: thrown by an upgrade',
    });

    other.get('/echo/x');
    await other.receives('"/echo/x"');
    other.socket.end();
    expect((await numbers(service, protocol)).code).toBe(0);
  });

  test('half of the next one is refused as too slow when its time is over', async () => {
    const { service, url, enter } = await start(protocol, state, {
      HEADERS_TIMEOUT: '500ms',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '5s', // the end of its silence is not what this is about
    });
    const client = await new RawClient(url).connected();
    await enter();

    client.socket.write('GET /slow?ms=3000 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/2 HTTP/1.1\r\nHo');

    expect(await client.ended).toBe('end');
    expect(statuses(client)).toEqual([200, 408]);
    const { code, requests } = await numbers(service, protocol);
    expect(code).toBe(0);
    expect(requests.lifetime).toMatchObject({ accepted: 1, answered: 1 });
  });

  test('one whose body stops is refused as too slow when its time is over', async () => {
    const { service, url, enter } = await start(protocol, state, {
      HEADERS_TIMEOUT: '500ms',
      REQUEST_TIMEOUT: '500ms',
    });
    const client = await new RawClient(url).connected();
    await enter();

    client.socket.write(
      'GET /slow?ms=3000 HTTP/1.1\r\nHost: x\r\n\r\n' +
        'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"',
    );

    expect(await client.ended).toBe('end');
    expect(statuses(client)).toEqual([200, 408]);
    expect(client.received).toContain('the request took too long to arrive');
    const { code, requests } = await numbers(service, protocol);
    expect(code).toBe(0);
    expect(requests.lifetime).toMatchObject({ accepted: 2, answered: 2 });
  });
});

describe.each(SERVING)('%s, 40 pipelined requests over TLS', (state) => {
  test('with more answers than are queued before Node stops to read, each in a record of its own, are all answered', async () => {
    const { service, url, enter } = await start('https', state);
    const client = await new RawClient(url).connected();
    await enter();

    const paths = Array.from({ length: 40 }, (_, i) => `/echo/${i}?${'x'.repeat(6000)}`);
    client.get('/slow?ms=500');
    for (const path of paths) {
      client.get(path);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    await client.receives(paths.at(-1)!);

    const echoed = [...client.received.matchAll(/"\/echo\/(\d+)\?/g)].map(([, nth]) => Number(nth));
    expect(echoed).toEqual(paths.map((_, i) => i));
    client.socket.end();
    const { code, requests } = await numbers(service, 'https');
    expect(code).toBe(0);
    expect(requests.lifetime).toMatchObject({ accepted: 41, answered: 41 });
  });
});
