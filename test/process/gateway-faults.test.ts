import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { make, mount, type MountedSecret, tlsVariables } from '../support/certificates.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { get, inFlight } from '../harness/http.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { urlOf } from '../harness/log-lines.ts';
import { RawClient } from '../harness/raw-client.ts';
import { rawTarget } from '../support/raw-target.ts';
import { reportOf } from '../harness/report.ts';
import { PROTOCOLS } from '../support/states.ts';

let folder: string;
let secret: MountedSecret;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
  secret = mount(join(folder, 'tls'), await make());
});
afterAll(() => rmSync(folder, { recursive: true }));

const STATES = ['ready', 'lame-duck', 'draining'] as const;
type State = (typeof STATES)[number];

interface Options {
  scheme?: 'http' | 'https' | undefined;
  env?: Record<string, string>;
  /** How long the state lasts. */
  windowFor?: string;
}

/** A service in front of one target, in one state, and as many connections to it that were used before. */
async function gatewayIn(
  state: State,
  target: string,
  connections: number,
  { scheme = 'http', env = {}, windowFor = '9s' }: Options = {},
): Promise<{ service: ServiceProcess; clients: RawClient[] }> {
  const service = startService({
    GATEWAY_TARGETS: `/=${target}`,
    LOG_LEVEL: 'info',
    SHUTDOWN_WINDOW: state === 'lame-duck' ? windowFor : '0',
    SHUTDOWN_KEEP_ALIVE_MIN_IDLE: state === 'draining' ? windowFor : '50ms',
    ...(scheme === 'https' && tlsVariables(secret)),
    ...env,
  });
  const url = await urlOf(service, scheme);
  const connect = () => new RawClient(url);
  connect(); // is silent, and keeps a drain from its end
  const clients = Array.from({ length: connections }, connect);
  for (const client of clients) {
    client.get('/echo/before');
    await client.receives('/echo/before"');
    client.received = '';
  }
  if (state !== 'ready') service.kill('SIGTERM');
  if (state !== 'ready') await service.line({ state });
  return { service, clients };
}

/** Every outcome that was counted, from a real scrape. */
async function outcomes(service: ServiceProcess): Promise<Record<string, number>> {
  const { body } = await get(`${await service.management}/metrics`);
  const found = body.matchAll(/^gateway_requests_total\{target="\/",outcome="(\w+)"\} ([1-9]\d*)/gm);
  return Object.fromEntries([...found].map(([, outcome, times]) => [outcome, Number(times)]));
}

/** Ends the service, at once if it is leaving already, and expects how: clean, unless the drain broke an answer off. */
async function leaves(service: ServiceProcess, clients: RawClient[], expected = 0): Promise<void> {
  for (const { socket } of clients) socket.destroy();
  service.kill(service.lines.some(({ event }) => event === 'signal') ? 'SIGINT' : 'SIGTERM');
  const { code } = await reportOf(service);
  expect({ code, fatal: service.lines.filter(({ level }) => level === 'fatal' || level === 60) }).toEqual({
    code: expected,
    fatal: [],
  });
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers that are none, by what is wrong with them. */
const NONSENSE: [wrong: string, answer: string][] = [
  ['status 000', 'HTTP/1.1 000 Nothing\r\nContent-Length: 2\r\n\r\nok'],
  ['status 099', 'HTTP/1.1 099 Too Small\r\nContent-Length: 2\r\n\r\nok'],
  ['status 1000', 'HTTP/1.1 1000 Too Large\r\nContent-Length: 2\r\n\r\nok'],
  ['status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['no number for a status', 'HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok'],
  ['HTTP/7.3', 'HTTP/7.3 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['a bell in a header', 'HTTP/1.1 200 OK\r\nX: a\u0007b\r\nContent-Length: 2\r\n\r\nok'],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
  ['a DEL in a header', 'HTTP/1.1 200 OK\r\nX: a\x7fb\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare CR in a header', 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=1\r\nContent-Length: 2\r\n\r\nok'],
  ['a header name with a space', 'HTTP/1.1 200 OK\r\nX Y: a\r\nContent-Length: 2\r\n\r\nok'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'],
  ['a length too large', `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nok`],
  [
    'length and chunks',
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a coding besides chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['an unknown coding', `HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a coding behind chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['no coding and a length', `HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 2\r\n\r\nok`],
  ['chunks of HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two equal lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['LF for CRLF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['a header on two lines', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\nok`],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ['a bare 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
];

describe.each(STATES)('%s: a target that answers nonsense', (state) => {
  test.each(PROTOCOLS)('is a 502 over %s, whatever it is, and the process lives', async (scheme) => {
    const nonsense = new Map(NONSENSE);
    const target = await rawTarget((request) => {
      const [, name = ''] = /^GET \/(\S+)/.exec(request) ?? [];
      return nonsense.get(decodeURIComponent(name));
    });
    const { service, clients } = await gatewayIn(state, target.url, NONSENSE.length, { scheme });
    const heads: Record<string, unknown> = {};
    for (const [index, [wrong]] of NONSENSE.entries()) {
      const client = clients[index]!;
      client.get(`/${encodeURIComponent(wrong)}`);
      await client.receives('"requestId"');
      heads[wrong] = [client.received.split('\r\n', 1)[0], client.received.includes('application/problem')];
    }
    expect(heads).toEqual(
      Object.fromEntries(NONSENSE.map(([wrong]) => [wrong, ['HTTP/1.1 502 Bad Gateway', true]])),
    );
    expect(await outcomes(service)).toEqual({ unreachable: NONSENSE.length });
    const logged = service.lines.filter(({ event, err }) => event === 'request' && err !== undefined);
    expect(logged).toHaveLength(NONSENSE.length);
    await leaves(service, clients);
  });
});

test.each(STATES)('%s: a target that answers a WebSocket with nonsense is a 502, too', async (state) => {
  const nonsense = new Map(NONSENSE);
  const target = await rawTarget((request) => {
    const [, name = ''] = /^GET \/(\S+)/.exec(request) ?? [];
    return nonsense.get(decodeURIComponent(name));
  });
  const { service, clients } = await gatewayIn(state, target.url, NONSENSE.length);
  const heads: Record<string, string> = {};
  for (const [index, [wrong]] of NONSENSE.entries()) {
    const client = clients[index]!;
    client.socket.write(
      `GET /${encodeURIComponent(wrong)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    await client.ended;
    heads[wrong] = client.received.split('\r\n', 1)[0] ?? '';
  }
  expect(heads).toEqual(Object.fromEntries(NONSENSE.map(([wrong]) => [wrong, 'HTTP/1.1 502 Bad Gateway'])));
  expect(await outcomes(service)).toEqual({ unreachable: NONSENSE.length });
  await leaves(service, clients);
});

/** What a target may say before its answer. */
const INTERIM: Record<string, string> = {
  '100': 'HTTP/1.1 100 Continue\r\n\r\n',
  '100 with headers': 'HTTP/1.1 100 Continue\r\nX: y\r\n\r\n',
  'two of 100': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
  '102': 'HTTP/1.1 102 Processing\r\n\r\n',
  '103': 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
  '100, 103': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
};

test.each(STATES)('%s: what a target says before its answer is not passed on', async (state) => {
  const names = Object.keys(INTERIM);
  const target = await rawTarget((request, socket) => {
    const [, pace, name = ''] = /^GET \/(at-once|by-byte)\/(\S+)/.exec(request) ?? [];
    const bytes = INTERIM[decodeURIComponent(name)] + OK;
    if (pace === 'at-once') return bytes;
    void (async () => {
      for (const byte of bytes) {
        socket.write(byte, 'latin1');
        await sleep(1);
      }
    })();
    return undefined;
  });
  const { service, clients } = await gatewayIn(state, target.url, names.length * 2);
  const paths = ['at-once', 'by-byte'].flatMap((pace) =>
    names.map((name) => `/${pace}/${encodeURIComponent(name)}`),
  );
  await Promise.all(
    paths.map(async (path, index) => {
      clients[index]!.get(path);
      await clients[index]!.receives('ok');
    }),
  );
  expect(clients.map(({ received }) => received.split('\r\n', 1)[0])).toEqual(
    paths.map(() => 'HTTP/1.1 200 OK'),
  );
  expect(await outcomes(service)).toEqual({ ok: paths.length });
  await leaves(service, clients);
});

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf';
/** Halves of answers, and how the other half fails to come. */
const HALVES: Record<string, [answer: string, how: 'end' | 'reset' | 'nonsense']> = {
  'chunked-fin': [CHUNKED, 'end'],
  'chunked-reset': [CHUNKED, 'reset'],
  'chunked-nonsense': [CHUNKED, 'nonsense'],
  'sized-fin': [SIZED, 'end'],
  'sized-reset': [SIZED, 'reset'],
  'until-close-reset': ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf', 'reset'],
  'http10-reset': ['HTTP/1.0 200 OK\r\n\r\nhalf', 'reset'],
};

describe.each(STATES)('%s: a target that breaks in the middle of its answer', (state) => {
  test.each(PROTOCOLS)('breaks the connection of its client, over %s', async (scheme) => {
    const breaks: (() => void)[] = [];
    const target = await rawTarget((request, socket) => {
      const [, name = ''] = /^GET \/(\S+)/.exec(request) ?? [];
      const [answer, how] = HALVES[name]!;
      breaks.push(() => {
        if (how === 'end') socket.end();
        else if (how === 'reset') socket.resetAndDestroy();
        else socket.write('xyz\r\n');
      });
      return answer;
    });
    const names = Object.keys(HALVES);
    const { service, clients } = await gatewayIn(state, target.url, names.length * 2, { scheme });
    const wholes: string[] = [];
    await Promise.all(
      clients.map(async (client, index) => {
        const version = index < names.length ? '1.1' : '1.0';
        client.socket.write(`GET /${names[index % names.length]} HTTP/${version}\r\nHost: localhost\r\n\r\n`);
        await client.receives('half');
      }),
    );
    // Only now: libuv calls a reset an end if there is something to be read at the same moment.
    for (const breakOff of breaks) breakOff();
    await Promise.all(
      clients.map(async (client, index) => {
        const how = await client.ended;
        const framed =
          client.received.includes('Content-Length: 8') ||
          (client.received.includes('chunked') && !client.received.endsWith('\r\n0\r\n\r\n'));
        // Without a length, the end of the connection is the end of the answer, unless it is a reset.
        if (!framed && how === 'end') {
          wholes.push(`${names[index % names.length]} HTTP/${index < names.length ? '1.1' : '1.0'}`);
        }
      }),
    );
    expect(wholes).toEqual([]);
    expect(await outcomes(service)).toEqual({ broken: clients.length });
    // Whoever is at fault, the clients of a drain have lost something.
    await leaves(service, clients, state === 'draining' ? 80 : 0);
  });
});

test('a target that resets while its client reads nothing breaks the connection of that client only', async () => {
  const target = await rawTarget((_request, socket) => {
    const part = 'x'.repeat(1024 * 1024);
    const send = () => {
      while (socket.write(part));
    };
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    socket.on('drain', send);
    send();
    return undefined;
  });
  const { service, clients } = await gatewayIn('ready', target.url, 5);
  for (const client of clients) {
    client.socket.pause();
    client.get('/x');
  }
  await inFlight(await service.management, clients.length);
  await sleep(500); // until all buffers are full
  for (const socket of target.connections) socket.resetAndDestroy();
  // From client to client, what is left is taken a little at a time, so that the reset is met at different moments.
  for (const [index, { socket }] of clients.entries()) {
    for (let reads = 0; reads < index * 3; reads++) {
      socket.read();
      await sleep(10);
    }
    socket.resume();
  }
  await Promise.all(clients.map(async ({ ended }) => ended));
  for (const { received } of clients) expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(await outcomes(service)).toEqual({ broken: clients.length });
  await leaves(service, clients);
});

describe.each(STATES)('%s: a process that stood still', (state) => {
  test('passes on the answer that came meanwhile, and is no 504', async () => {
    const target = await rawTarget(() => undefined);
    const { service, clients } = await gatewayIn(state, target.url, 1, {
      env: { GATEWAY_TIMEOUT: '500ms' },
    });
    clients[0]!.get('/x');
    await target.requests(1);
    service.kill('SIGSTOP');
    await sleep(100);
    target.connections[0]!.write(OK);
    await sleep(1900);
    service.kill('SIGCONT');
    await clients[0]!.receives('ok');
    expect(clients[0]!.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await leaves(service, clients);
  });
});

describe.each(STATES)('%s: a target that trickles', (state) => {
  test('its head is a 504, and one that trickles its answer is passed on until its end', async () => {
    const trickle = async (socket: Socket, text: string) => {
      for (const byte of text) {
        if (socket.destroyed) return;
        socket.write(byte);
        await sleep(60);
      }
    };
    const target = await rawTarget((request, socket) => {
      if (request.startsWith('GET /head')) {
        void trickle(socket, OK);
      } else {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
        void trickle(socket, 'answer');
      }
      return undefined;
    });
    const { service, clients } = await gatewayIn(state, target.url, 2, { env: { GATEWAY_TIMEOUT: '200ms' } });
    clients[0]!.get('/head');
    clients[1]!.get('/body');
    await Promise.all([clients[0]!.receives('"requestId"'), clients[1]!.receives('answer')]);
    expect(clients.map(({ received }) => received.split('\r\n', 1)[0])).toEqual([
      'HTTP/1.1 504 Gateway Timeout',
      'HTTP/1.1 200 OK',
    ]);
    expect(await outcomes(service)).toEqual({ timeout: 1, ok: 1 });
    await leaves(service, clients);
  });
});
