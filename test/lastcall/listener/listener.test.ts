import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Listener, type ListenerOptions } from '../../../src/lastcall/listener/listener.ts';
import { RawClient } from '../../harness/raw-client.ts';

const AT_ONCE = { keepAliveMinIdleMs: 0, deadline: AbortSignal.abort() };

let listeners: Listener[];
let clients: RawClient[];
let handler: RequestListener;

beforeEach(() => {
  listeners = [];
  clients = [];
  handler = (_req, res) => res.end('served');
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const { socket } of clients) socket.destroy();
  for (const listener of listeners) await listener.stop(AT_ONCE).catch(() => undefined);
});

function make(options: Partial<ListenerOptions> = {}): Listener {
  const listener = new Listener({
    name: 'http',
    host: '127.0.0.1',
    port: 0,
    handler: (req, res) => handler(req, res),
    keepAliveTimeoutMs: 60_000,
    headersTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    ...options,
  });
  listeners.push(listener);
  return listener;
}

async function started(): Promise<Listener> {
  const listener = make();
  await listener.start();
  return listener;
}

async function connectTo({ port }: Listener, options = {}): Promise<RawClient> {
  const client = new RawClient(`http://127.0.0.1:${port}`, options);
  clients.push(client);
  return client.connected();
}

/** Resolves when it holds: what a test waits for instead of a time. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => void setImmediate(resolve));
}

describe('the life of a listener', () => {
  test('begins once', async () => {
    const listener = make();
    const first = listener.start();

    await expect(listener.start()).rejects.toMatchObject({
      code: 'LISTENER_STARTED',
      message: 'listener http was started before',
    });
    await first;
    await expect(listener.start()).rejects.toMatchObject({ code: 'LISTENER_STARTED' });

    await listener.stop(AT_ONCE);
    await expect(listener.start()).rejects.toMatchObject({ code: 'LISTENER_STARTED' });
  });

  test('ends once, and not before it has begun', async () => {
    const listener = make();
    const notOpen = { code: 'LISTENER_NOT_STARTED', message: 'listener http is not open' };
    await expect(listener.stop(AT_ONCE)).rejects.toMatchObject(notOpen);
    await listener.start();

    const first = listener.stop(AT_ONCE);
    await expect(listener.stop(AT_ONCE)).rejects.toMatchObject(notOpen);
    await expect(first).resolves.toMatchObject({ name: 'http', result: 'closed', cutRequests: [] });
    await expect(listener.stop(AT_ONCE)).rejects.toMatchObject(notOpen);
  });

  test('does not begin on a port that is taken, which its error names', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const listener = make({ name: 'https', port });

    await expect(listener.start()).rejects.toMatchObject({
      code: 'LISTENER_BIND',
      message: `https: port ${port} on 127.0.0.1 is already taken by another process (EADDRINUSE)`,
      cause: { code: 'EADDRINUSE' },
    });
    await expect(listener.stop(AT_ONCE)).rejects.toMatchObject({ code: 'LISTENER_NOT_STARTED' });
    other.close();
  });

  test('that ends without having been asked to is an error', async () => {
    const listen = jest.spyOn(Server.prototype, 'listen');
    const listener = await started();
    const [server] = listen.mock.contexts as Server[];
    const errors: unknown[] = [];
    listener.onError = (error) => errors.push(error);

    server?.close();
    await until(() => errors.length > 0);

    expect(errors).toEqual([
      expect.objectContaining({
        code: 'LISTENER_CLOSED',
        message: 'listener http has closed unexpectedly',
      }),
    ]);
  });

  test('that ends as it should is none', async () => {
    const listen = jest.spyOn(Server.prototype, 'listen');
    const listener = await started();
    const [server] = listen.mock.contexts as Server[];
    const errors: unknown[] = [];
    listener.onError = (error) => errors.push(error);
    const closed = once(server!, 'close');

    await listener.stop({ keepAliveMinIdleMs: 0, deadline: new AbortController().signal });
    await closed;

    expect(errors).toEqual([]);
  });
});

const H2C = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

describe('an offer to upgrade, where nobody takes any', () => {
  test.each([
    ['GET', ''],
    ['POST', 'Content-Length: 2\r\n\r\nhi'],
  ])(
    'is a request (%s), and nothing behind it is answered in place of what Node loses',
    async (method, rest) => {
      const urls: unknown[] = [];
      handler = ({ url }, res) => {
        urls.push(url);
        res.end(url);
      };
      const listener = make();
      await listener.start();
      const client = await connectTo(listener);

      client.socket.write(
        `${method} /1 HTTP/1.1\r\n${H2C}${rest || '\r\n'}GET /2 HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      await client.receives('/1');
      client.socket.write('GET /3 HTTP/1.1\r\nHost: x\r\n\r\n');

      expect(await client.ended).toBe('end');
      expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*\r\n\r\n\/1$/);
      expect(urls).toEqual(['/1']);
      await until(() => listener.tally().connections.lifetime.open === 0);
      expect(listener.tally()).toMatchObject({
        requests: { lifetime: { accepted: 1, answered: 1 } },
        connections: { lifetime: { closed: 1 } },
        conserved: true,
      });
    },
  );
});

describe('an upgrade to something else than WebSocket', () => {
  const upgraded = jest.fn();
  let listener: Listener;

  beforeEach(async () => {
    upgraded.mockClear();
    listener = make();
    listener.onUpgrade(upgraded);
    await listener.start();
  });

  test.each(['', 'Content-Length: 0\r\n'])('is served as a request (%j)', async (more) => {
    handler = ({ method, url }, res) => void res.end(`${method} ${url}`);
    const client = await connectTo(listener);

    client.socket.write(`GET /x?y HTTP/1.1\r\n${H2C}${more}\r\n`);

    expect(await client.ended).toBe('end');
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.received).toContain('\r\nConnection: close\r\n');
    expect(client.received).toContain('GET /x?y');
    expect(upgraded).not.toHaveBeenCalled();
    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally()).toMatchObject({
      requests: { lifetime: { accepted: 1, answered: 1, inFlight: 0 } },
      conserved: true,
    });
  });

  test.each([
    ['a length', 'Content-Length: 2\r\n\r\nhi'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
  ])('is refused with 400 when it has a body, with %s, and its connection ends', async (_name, rest) => {
    const client = await connectTo(listener);

    client.socket.write(`POST / HTTP/1.1\r\n${H2C}${rest}`);

    expect(await client.ended).toBe('end');
    expect(client.received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally()).toMatchObject({
      requests: { lifetime: { accepted: 1, answered: 1 } },
      conserved: true,
    });
  });

  test('is refused without a body when it is a HEAD', async () => {
    const client = await connectTo(listener);

    client.socket.write(`HEAD / HTTP/1.1\r\n${H2C}Content-Length: 2\r\n\r\nhi`);

    expect(await client.ended).toBe('end');
    expect(client.received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\n$/);
  });

  test('to WebSocket is refused, too, when it has a body', async () => {
    const client = await connectTo(listener);

    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket';
    client.socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );

    expect(await client.ended).toBe('end');
    expect(client.received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(upgraded).not.toHaveBeenCalled();
  });

  test('that is refused does not hold its connection for a client that keeps its side open', async () => {
    const client = await connectTo(listener, { allowHalfOpen: true });

    client.socket.write(`POST / HTTP/1.1\r\n${H2C}Content-Length: 9\r\n\r\nhi`);
    await client.receives('400 Bad Request');

    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally().connections.lifetime).toMatchObject({ accepted: 1, closed: 1 });
  });

  test('is counted as aborted when its client goes', async () => {
    const begun = new Promise<ServerResponse>((resolve) => {
      handler = (_req, res) => resolve(res);
    });
    const client = await connectTo(listener);
    client.socket.write(`GET / HTTP/1.1\r\n${H2C}\r\n`);
    const res = await begun;

    client.socket.resetAndDestroy();
    await once(res, 'close');

    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally().requests.lifetime).toMatchObject({ accepted: 1, aborted: 1, inFlight: 0 });
  });

  test('does not keep one to WebSocket from its handler', async () => {
    upgraded.mockImplementation((_req, socket) => (socket as RawClient['socket']).end('upgraded'));
    const client = await connectTo(listener);

    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n');

    expect(await client.ended).toBe('end');
    expect(client.received).toBe('upgraded');
    await until(() => listener.tally().connections.lifetime.open === 0);
  });
});

describe('after the notice, an answer says close', () => {
  type WriteHead = (res: ServerResponse) => void;
  const raw = (res: ServerResponse) => res as unknown as { writeHead: (...args: unknown[]) => void };

  test.each<[string, WriteHead]>([
    ['no headers', (res) => res.writeHead(201)],
    ['an object', (res) => res.writeHead(201, { connection: 'keep-alive', 'x-a': '1' })],
    [
      'a message and an object',
      (res) => res.writeHead(201, 'Made', { Connection: 'keep-alive', 'x-a': '1' }),
    ],
    ['a flat array', (res) => res.writeHead(201, ['Connection', 'keep-alive', 'x-a', '1'])],
    [
      'a message and a flat array',
      (res) => res.writeHead(201, 'Made', ['CONNECTION', 'keep-alive', 'x-a', '1']),
    ],
    [
      'a nested array',
      (res) =>
        raw(res).writeHead(201, [
          ['connection', 'keep-alive'],
          ['x-a', '1'],
        ]),
    ],
    [
      'headers set before',
      (res) => {
        res.setHeader('Connection', 'keep-alive');
        res.writeHead(201, { 'x-a': '1' });
      },
    ],
  ])('whatever it is given: %s', async (name, writeHead) => {
    const listener = await started();
    const client = await connectTo(listener);
    handler = (_req, res) => {
      writeHead(res);
      res.end('whole');
    };
    listener.giveNotice(0);

    client.get('/');

    expect(await client.ended).toBe('end');
    const head = client.heads().at(-1)?.toLowerCase() ?? '';
    expect(head).toMatch(/^http\/1\.1 201 /);
    expect(head.match(/^connection: .*$/gm)).toEqual(['connection: close']);
    expect(head.match(/^x-a: 1$/gm) ?? []).toHaveLength(name === 'no headers' ? 0 : 1);
    expect(client.received).toContain('whole');
    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally().connections.lifetime).toMatchObject({ closed: 1, accepted: 1 });
  });

  test('and so does the refusal of a request, which is the last of its connection', async () => {
    const listener = await started();
    const client = await connectTo(listener);
    listener.giveNotice(0);

    const good = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    client.socket.write(`${good}GET / HTTP/1.1\r\n\r\n${good}`);

    expect(await client.ended).toBe('end');
    expect(client.received.match(/HTTP\/1\.1 \d{3}|connection: \S+/gi)).toEqual([
      'HTTP/1.1 200',
      'Connection: keep-alive',
      'HTTP/1.1 400',
      'Connection: close',
    ]);
    await until(() => listener.tally().connections.lifetime.open === 0);
    expect(listener.tally()).toMatchObject({
      connections: { lifetime: { closed: 1 } },
      requests: { lifetime: { accepted: 2, answered: 2 } },
    });
  });

  test('and keeps headers that are there twice in an array', async () => {
    const listener = await started();
    const client = await connectTo(listener);
    handler = (_req, res) => {
      res.setHeader('Set-Cookie', 'replaced');
      res.writeHead(200, ['Set-Cookie', 'a=1', 'Connection', 'keep-alive', 'Set-Cookie', 'b=2']).end();
    };
    listener.giveNotice(0);

    client.get('/');
    await client.ended;

    expect(client.received.match(/^(set-cookie|connection): .*$/gim)).toEqual([
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Connection: close',
    ]);
  });

  test('but before the notice it stays as the handler wrote it', async () => {
    const listener = await started();
    const client = await connectTo(listener);
    handler = (_req, res) => res.writeHead(200, { Connection: 'keep-alive' }).end('whole');

    client.get('/');
    await client.receives('whole');

    expect(client.received).toContain('Connection: keep-alive\r\n');
    expect(listener.tally().connections.lifetime).toMatchObject({ open: 1 });
  });
});
