import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler, type Response } from 'express';
import type { AppParts } from '../../../src/lastcall/parts.ts';
import { gateway } from '../../../src/lastcall/gateway/gateway.ts';
import { loadClient } from '../../../src/lastcall/gateway/target-connection.ts';
import { parseGatewayTargets } from '../../../src/lastcall/gateway/targets.ts';
import { problemHandler } from '../../../src/lastcall/http/problem.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { type RawTarget, rawTarget } from '../../support/raw-target.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const open: (() => unknown)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** The gateway in this process, behind another handler, with what it counts and the errors that it leaves for the log. */
async function proxy(target: RawTarget, before: RequestHandler = (_req, _res, next) => next()) {
  const counted: string[] = [];
  const errors: unknown[] = [];
  const stops: (() => void)[] = [];
  await loadClient();
  const app = express();
  app.use((_req, res, next) => {
    res.once('close', () => errors.push(res.err));
    next();
  });
  app.use(before);
  app.use(
    gateway(app, {
      config: { service: { name: 'gateway' } },
      settingsOf: () => ({ targets: parseGatewayTargets(`/=${target.url}`), timeoutMs: 2000 }),
      hooks: { add: ({ stop }: { stop: () => void }) => stops.push(stop) },
      metrics: {
        counter: () => ({
          inc: ({ outcome = '' }, by?: number) => {
            if (by === undefined) counted.push(outcome);
          },
        }),
        histogram: () => ({ observe: () => undefined }),
      },
      onUpgrade: () => undefined,
    } as unknown as AppParts),
  );
  app.use(problemHandler({ development: false }));
  const server: Server = createServer(app);
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    for (const stop of stops) stop();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const end = async () => {
    while (counted.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    return { counted, errors };
  };
  return { url, counted, errors, end };
}

/** The first connection to a target has ended, in whatever way. */
async function closed({ connections: [socket] }: RawTarget): Promise<void> {
  if (socket?.closed !== false) return;
  await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
}

describe('a response that throws', () => {
  /** Makes one method throw, the first time that the gateway calls it. */
  const sabotage =
    (method: 'appendHeader' | 'writeHead' | 'write' | 'end'): RequestHandler =>
    (_req, res, next) => {
      const own = res[method].bind(res) as (...args: unknown[]) => never;
      res[method] = (...args: unknown[]): never => {
        res[method] = own;
        if (args.length >= 0) throw new Error(`${method} fails`);
        return own(...args);
      };
      next();
    };

  test.each(['appendHeader', 'writeHead'] as const)('in %s is that request’s 502', async (method) => {
    const target = await rawTarget(() => OK);
    const { url, end } = await proxy(target, sabotage(method));
    const client = new RawClient(url);
    client.get('/x');
    await client.receives('gave no answer');
    expect(client.received).toMatch(/^HTTP\/1\.1 502 /);
    expect(client.received).toContain(`(${method} fails)`);
    const { counted, errors } = await end();
    expect(counted).toEqual(['unreachable']);
    expect(errors).toMatchObject([{ status: 502, cause: { message: `${method} fails` } }]);
  });

  test.each(['write', 'end'] as const)('in %s breaks that request off', async (method) => {
    const target = await rawTarget(() => OK);
    const { url, end } = await proxy(target, sabotage(method));
    const client = new RawClient(url);
    client.get('/x');
    await client.ended;
    expect(client.received).not.toContain('\r\n\r\nok');
    expect(await end()).toMatchObject({ counted: ['broken'], errors: [{ message: `${method} fails` }] });
  });

  test('leaves nothing of the target’s headers in the problem', async () => {
    const target = await rawTarget(() => `HTTP/1.1 200 OK\r\nSecret: x\r\nContent-Length: 2\r\n\r\nok`);
    const { url } = await proxy(target, (req, res, next) => {
      res.setHeader('X-Request-Id', '1');
      res.setHeader('Own', 'y');
      void sabotage('writeHead')(req, res, next);
    });
    const client = new RawClient(url);
    client.get('/x');
    await client.receives('gave no answer');
    expect(client.received.toLowerCase()).not.toContain('secret');
    expect(client.received.toLowerCase()).toContain('own: y');
  });
});

describe('a response that somebody else has ended meanwhile', () => {
  test.each(['before the target answers', 'while it answers'])(
    '%s is not touched, and the target is left',
    async (when) => {
      const early = when.startsWith('before');
      const target = await rawTarget(() =>
        early ? undefined : 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok',
      );
      let response: Response | undefined;
      const { url, end, counted } = await proxy(target, (_req, res, next) => {
        response = res;
        next();
      });
      const client = new RawClient(url);
      client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe');
      await target.requests(1);
      if (early) {
        response?.writeHead(408, { Connection: 'close' }).end('too slow');
        target.connections[0]?.write(OK);
      } else {
        await client.receives('ok');
        response?.end();
      }
      await closed(target);
      await end();
      expect(client.received).toMatch(
        early ? /^HTTP\/1\.1 408 .*too slow\r\n0\r\n\r\n$/s : /^HTTP\/1\.1 200 .*\r\n\r\nok$/s,
      );
      expect(counted).toEqual(['aborted']);
    },
  );
});

describe('a client', () => {
  test('that ends its side of the connection gets its answer', async () => {
    const target = await rawTarget(() => undefined);
    const { url, end } = await proxy(target);
    const client = new RawClient(url, { allowHalfOpen: true });
    client.socket.end('GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
    await target.requests(1);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    target.connections[0]?.write(OK);
    await client.receives('\r\n\r\nok');
    expect((await end()).counted).toEqual(['ok']);
  });

  test.each(['ends', 'resets'])('that %s before the answer takes the request with it', async (how) => {
    const target = await rawTarget(() => undefined);
    const { url, end } = await proxy(target);
    const client = new RawClient(url);
    client.get('/x');
    await target.requests(1);
    if (how === 'resets') {
      client.socket.resetAndDestroy();
      await closed(target);
    } else {
      // What has closed looks like what has ended its own side, until something is written to it.
      client.socket.destroy();
      target.connections[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok');
      const more = setInterval(() => target.connections[0]?.write('.'), 10);
      await closed(target);
      clearInterval(more);
    }
    expect((await end()).counted).toEqual(['aborted']);
  });

  test('whose upload breaks off takes the request with it', async () => {
    const target = await rawTarget(() => undefined);
    const { url, end } = await proxy(target);
    const client = new RawClient(url);
    client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe');
    await target.requests(1);
    client.socket.destroy();
    await closed(target);
    expect((await end()).counted).toEqual(['aborted']);
    expect(target.received.endsWith('\r\n\r\nhe')).toBe(true);
  });

  test('that pipelines gets the answers before one that breaks', async () => {
    const target = await rawTarget((request, socket) => {
      if (request.includes('/slow')) {
        setTimeout(() => socket.write(OK), 100);
        return undefined;
      }
      setImmediate(() => socket.resetAndDestroy());
      return 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf';
    });
    const { url, counted } = await proxy(target);
    const client = new RawClient(url);
    client.get('/slow');
    client.get('/breaks');
    await client.ended;
    // On a busy machine, the half of the other may come before its target breaks, and be passed on in its turn.
    expect(client.received).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\nok(?:HTTP\/1\.1 200 OK\r\n[^]*half)?$/,
    );
    while (counted.length < 2) await new Promise((resolve) => void setImmediate(resolve));
    expect(counted.toSorted()).toEqual(['broken', 'ok']);
  });
});

test('a client that leaves before it has read its answer takes nobody else’s request with it', async () => {
  const target = await rawTarget((request) => (request.includes('/quick') ? OK : undefined));
  const { url, counted } = await proxy(target);
  const leaving = new RawClient(url);
  leaving.get('/slow');
  leaving.get('/quick'); // is answered, and has to wait for its turn
  await target.requests(2);
  await new Promise((resolve) => void setTimeout(resolve, 20));
  const other = new RawClient(url);
  other.get('/other'); // on the connection of the quick one
  await target.requests(3);
  expect(target.connections).toHaveLength(2);
  leaving.socket.resetAndDestroy();
  while (counted.length < 2) await new Promise((resolve) => void setImmediate(resolve));
  for (const socket of target.connections) if (!socket.destroyed) socket.write(OK);
  await other.receives('\r\n\r\nok');
  expect(target.received.match(/GET \/other/g)).toHaveLength(1);
});

describe('an answer', () => {
  const HEADS: [string, string][] = [
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['POST', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
  ];

  test.each(HEADS)('without a body is whole with its head: %s, %j', async (method, head) => {
    const target = await rawTarget(() => head);
    const { url, counted } = await proxy(target);
    const client = new RawClient(url);
    for (let nth = 1; nth <= 2; nth++) {
      client.received = '';
      client.socket.write(`${method} /${nth} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      await client.receives('\r\n\r\n');
      expect(client.received).toMatch(new RegExp(`^${head.split('\r\n', 1)[0]}\r\n`));
      expect(client.received).toMatch(/\r\n\r\n$/);
    }
    while (counted.length < 2) await new Promise((resolve) => void setImmediate(resolve));
    expect(counted).toEqual(['ok', 'ok']);
  });

  test('keeps the case of its headers, its cookies, its odd status and its bytes', async () => {
    const target = await rawTarget(
      () =>
        'HTTP/1.0 799 Gr\xfc\xdfe\r\nX-CASE: \xe4\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
    );
    const { url } = await proxy(target);
    const client = new RawClient(url);
    client.get('/x');
    await client.receives('ok');
    expect(client.received).toMatch(/^HTTP\/1\.1 799 /);
    for (const line of ['X-CASE: \xe4', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Via: 1.0 gateway']) {
      expect(client.received).toContain(`\r\n${line}\r\n`);
    }
  });

  test('that comes before the end of the upload is passed on, and the next request is found', async () => {
    const target = await rawTarget((request) =>
      request.startsWith('POST') ? 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno' : OK,
    );
    const { url, counted } = await proxy(target);
    const client = new RawClient(url);
    client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nfirst');
    await client.receives('\r\n\r\nno');
    client.socket.write(Buffer.alloc(100_000 - 5, 'x'));
    client.get('/next');
    await client.receives('\r\n\r\nok');
    while (counted.length < 2) await new Promise((resolve) => void setImmediate(resolve));
    expect(counted).toEqual(['ok', 'ok']);
    expect(target.received).not.toContain('xGET');
  });
});

describe('a request', () => {
  const headOf = (target: RawTarget) => target.received.split('\r\n\r\n', 1)[0];

  test('that expects a 100 gets it from us, and the target is not asked', async () => {
    const target = await rawTarget((request) => (request.endsWith('hello') ? OK : undefined));
    const { url } = await proxy(target);
    const client = new RawClient(url);
    client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await client.receives('HTTP/1.1 100');
    client.socket.write('hello');
    await client.receives('\r\n\r\nok');
    expect(headOf(target)?.toLowerCase()).not.toContain('expect');
  });

  test.each([
    ['GET', 'Content-Length: 5\r\n\r\nhello', 'content-length: 5\r\n\r\nhello'],
    ['DELETE', 'Content-Length: 5\r\n\r\nhello', 'content-length: 5\r\n\r\nhello'],
    ['POST', 'Content-Length: 5\r\n\r\nhello', 'content-length: 5\r\n\r\nhello'],
    ['POST', 'Content-Length: 0\r\n\r\n', 'content-length: 0\r\n\r\n'],
    [
      'PUT',
      'Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: GET / HTTP/1.1\r\n\r\n',
      'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ],
    ['PUT', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'content-length: 0\r\n\r\n'],
  ])('%s with %j is framed once, as %j', async (method, sent, framed) => {
    const target = await rawTarget((_request, socket) => {
      setTimeout(() => socket.write(OK), 50);
      return undefined;
    });
    const { url } = await proxy(target);
    const client = new RawClient(url);
    client.socket.write(`${method} /x HTTP/1.1\r\nHost: x\r\n${sent}`);
    await client.receives('\r\n\r\nok');
    expect(target.received.endsWith(`\r\n${framed}`)).toBe(true);
    expect(target.received.match(/content-length|transfer-encoding/g)).toHaveLength(1);
  });
});
