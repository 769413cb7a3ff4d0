import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { type Answer, get, inFlight } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { make, mount } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { PACKAGE_NAME } from '../support/names.ts';

/** A server behind the gateway, and the requests that have reached it. */
async function backend(handler: RequestListener) {
  const seen: http.IncomingMessage[] = [];
  const server = http.createServer((req, res) => {
    seen.push(req);
    handler(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const answering =
  (text: string): RequestListener =>
  (_req, res) =>
    res.end(text);

async function gatewayTo(targets: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = startService({ GATEWAY_TARGETS: targets, ...env });
  await service.url;
  return service;
}

/** The count of one outcome, from a real scrape. */
async function count(service: ServiceProcess, outcome: string): Promise<number> {
  const { body } = await get(`${await service.management}/metrics`);
  const line = new RegExp(`^gateway_requests_total\\{target="/",outcome="${outcome}"\\} (\\d+)`, 'm').exec(
    body,
  );
  return Number(line?.[1]);
}

async function request(url: string, options: http.RequestOptions, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { agent: false, ...options }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('error', reject);
      res.on('end', () => {
        const { statusCode: status = 0, headers } = res;
        resolve({ status, headers, body: text, json: () => JSON.parse(text) as Record<string, unknown> });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

describe('routing', () => {
  test('own routes come first, then the longest prefix, then the catch-all', async () => {
    const api = await backend(answering('api'));
    const rest = await backend(answering('rest'));
    const url = await (await gatewayTo(`/api=${api.url},/=${rest.url}`)).url;
    const at = async (path: string) => (await get(`${url}${path}`)).body;
    expect(await at('/echo/own')).toContain('"uri":"/echo/own"');
    expect(await at('/api')).toBe('api');
    expect(await at('/api/')).toBe('api');
    expect(await at('/api/deep?q=/x')).toBe('api');
    expect(await at('/apix')).toBe('rest');
    expect(await at('/other')).toBe('rest');
    expect(api.seen.map((req) => req.url)).toEqual(['/api', '/api/', '/api/deep?q=/x']);
  });

  test('a target can be bound to a host', async () => {
    const shop = await backend(answering('shop'));
    const rest = await backend(answering('rest'));
    const url = await (await gatewayTo(`shop.example/=${shop.url},/=${rest.url}`)).url;
    const to = async (host: string) => (await request(`${url}/x`, { headers: { host } })).body;
    expect(await to('shop.example')).toBe('shop');
    expect(await to('SHOP.example:8080')).toBe('shop');
    expect(await to('other.example')).toBe('rest');
  });

  test('without a target it is 404, and a path that climbs is 400', async () => {
    const api = await backend(answering('api'));
    const service = await gatewayTo(`/api=${api.url}`);
    const client = new RawClient(await service.url);
    expect((await get(`${await service.url}/nothing`)).status).toBe(404);
    client.get('/api/%2e%2e/secret');
    await client.receives('HTTP/1.1 400');
    expect(api.seen).toHaveLength(0);
  });
});

describe('headers', () => {
  test('say where the request comes from and lose what is about one hop', async () => {
    const target = await backend((_req, res) => {
      res.writeHead(200, {
        'Set-Cookie': ['a=1', 'b=2'],
        'Keep-Alive': 'timeout=9',
        Connection: 'keep-alive, X-Hop',
        'X-Hop': '1',
      });
      res.end('ok');
    });
    const service = await gatewayTo(`/=${target.url}`);
    const url = await service.url;
    const headers = {
      host: 'shop.example',
      connection: 'close, x-secret',
      'x-secret': '1',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      forwarded: 'for=6.6.6.6',
      te: 'trailers',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const answer = await request(`${url}/x`, { headers });
    const seen = target.seen[0]?.headers ?? {};
    expect(seen).toMatchObject({
      'x-forwarded-for': expect.stringMatching(/^(::ffff:)?127\.0\.0\.1$/),
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      via: `1.1 ${PACKAGE_NAME}`,
      traceparent: headers.traceparent,
      'x-request-id': answer.headers['x-request-id'],
    });
    for (const name of ['x-secret', 'forwarded', 'te']) expect(seen).not.toHaveProperty(name);
    expect(answer.headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2'],
      via: `1.1 ${PACKAGE_NAME}`,
      connection: 'close',
    });
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers).not.toHaveProperty('content-security-policy'); // that is for our own pages
  });

  test('that claim a client are believed behind a trusted proxy', async () => {
    const target = await backend(answering('ok'));
    const service = await gatewayTo(`/=${target.url}`, { TRUST_PROXY: 'loopback' });
    await request(`${await service.url}/x`, {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'shop.example',
      },
    });
    expect(target.seen[0]?.headers).toMatchObject({
      'x-forwarded-for': expect.stringMatching(/^6\.6\.6\.6, /),
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
    });
  });

  test.each(['GET', 'DELETE', 'OPTIONS', 'POST'])(
    'a %s whose body has no length reaches its target whole, as one request',
    async (method) => {
      const bodies: string[] = [];
      const target = await backend((req, res) => {
        let body = '';
        req.on('data', (part: Buffer) => (body += part.toString()));
        req.on('end', () => {
          bodies.push(body);
          res.end('ok');
        });
      });
      const service = await gatewayTo(`/=${target.url}`);
      const client = new RawClient(await service.url);
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
      client.socket.write(`${method} /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
      client.socket.write(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
      await client.receives('ok');
      client.get('/next');
      while (target.seen.length < 2) await once(target.server, 'request');
      expect(target.seen.map(({ url }) => url)).toEqual(['/x', '/next']);
      expect(bodies[0]).toBe(smuggled);
    },
  );
});

describe('streams', () => {
  const SIZE = 256 * 1024 * 1024;

  /** Writes all of it, as fast as it is taken. */
  function sendAll(to: Writable): void {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const chunks = Array.from({ length: SIZE / chunk.length }, () => chunk);
    Readable.from(chunks).pipe(to);
  }

  /** Resident memory of a process in bytes, from its own metrics. */
  async function memory(service: ServiceProcess): Promise<number> {
    const { body } = await get(`${await service.management}/metrics`);
    return Number(/^process_resident_memory_bytes (\d+)/m.exec(body)?.[1]);
  }

  test('256 MB up and 256 MB down pass without being gathered', async () => {
    let received = 0;
    const target = await backend((req, res) => {
      req.on('data', (part: Buffer) => (received += part.length));
      req.on('end', () => sendAll(res));
    });
    const service = await gatewayTo(`/=${target.url}`);
    const before = await memory(service);
    let peak = before;
    const passed = new AbortController();
    const watching = (async () => {
      while (!passed.signal.aborted) {
        peak = Math.max(peak, await memory(service));
        await sleep(20);
      }
    })();
    let down = 0;
    const url = await service.url;
    await new Promise<void>((resolve, reject) => {
      const req = http.request(`${url}/x`, { method: 'POST', agent: false }, (res) => {
        res.on('data', (part: Buffer) => (down += part.length));
        res.on('end', resolve);
        res.on('error', reject);
      });
      req.on('error', reject);
      sendAll(req);
    });
    expect({ received, down }).toEqual({ received: SIZE, down: SIZE });
    passed.abort();
    await watching;
    expect(peak - before).toBeLessThan(SIZE / 2); // what V8 has not collected yet is well below that
    expect(await count(service, 'ok')).toBe(1);
  });

  test('a client that leaves takes the request to the target with it', async () => {
    const aborted = { resolve: () => undefined as void };
    const gone = new Promise<void>((resolve) => (aborted.resolve = resolve));
    const target = await backend((_req, res) => {
      res.once('close', aborted.resolve);
      res.write('first');
      // Who only listens hears nothing of a client that has gone.
      const timer = setInterval(() => res.write('next'), 20);
      res.once('close', () => clearInterval(timer));
    });
    const service = await gatewayTo(`/=${target.url}`);
    const client = new RawClient(await service.url);
    client.get('/x');
    await client.receives('first');
    client.socket.destroy();
    await gone;
    expect(await count(service, 'aborted')).toBe(1);
  });
});

describe('targets that fail', () => {
  test('one that is down is a 502, one that is slow a 504, as problems', async () => {
    const down = await backend(answering('ok'));
    down.server.close();
    const slow = await backend(() => undefined);
    const service = await gatewayTo(`/late=${slow.url},/=${down.url}`, { GATEWAY_TIMEOUT: '200ms' });
    const refused = await get(`${await service.url}/x`);
    expect(refused.status).toBe(502);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.json()).toMatchObject({ status: 502, detail: '/ gave no answer (ECONNREFUSED)' });
    const late = await get(`${await service.url}/late`);
    expect(late.json()).toMatchObject({ status: 504, detail: '/late did not answer within 200 ms' });
    expect(await count(service, 'unreachable')).toBe(1);
  });

  test('a reset before the answer is tried once more, if the request is idempotent and has no body', async () => {
    let resets = 1;
    const target = await backend((req, res) => {
      if (resets-- > 0) req.socket.resetAndDestroy();
      else res.end('second time');
    });
    const service = await gatewayTo(`/=${target.url}`);
    expect((await get(`${await service.url}/x`)).body).toBe('second time');
    resets = 2;
    expect((await get(`${await service.url}/x`)).status).toBe(502);
    resets = 1;
    expect((await request(`${await service.url}/x`, { method: 'POST' }, 'body')).status).toBe(502);
    expect(target.seen).toHaveLength(5);
  });

  test('one that breaks in the middle of its answer breaks the connection of the client', async () => {
    const target = await backend((req, res) => {
      res.write('half of it');
      setImmediate(() => req.socket.resetAndDestroy());
    });
    const service = await gatewayTo(`/=${target.url}`);
    await expect(get(`${await service.url}/x`)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await count(service, 'broken')).toBe(1);
  });
});

test('a target over TLS gets requests, bodies and WebSockets, below the path of its URL', async () => {
  const certificate = await make();
  const { certFile } = mount(newFolder(), certificate);
  const urls: unknown[] = [];
  const server = https.createServer(certificate, (req, res) => {
    urls.push(req.url);
    req.pipe(res);
  });
  new WebSocketServer({ server }).on('connection', (socket, { url }) => socket.send(String(url)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => server.close());
  const { port } = server.address() as AddressInfo;
  const service = await gatewayTo(`/=https://localhost:${port}/base/`, { NODE_EXTRA_CA_CERTS: certFile });
  const url = await service.url;
  for (const nth of [1, 2, 3]) {
    expect((await get(`${url}/x?${nth}`)).status).toBe(200);
    expect((await request(`${url}//y`, { method: 'POST' }, 'body')).body).toBe('body');
  }
  expect(urls.slice(0, 2)).toEqual(['/base/x?1', '/base//y']);
  const client = new WebSocket(`${url.replace('http', 'ws')}/chat`);
  const [said] = (await once(client, 'message')) as [Buffer];
  expect(said.toString()).toBe('/base/chat');
  // Nobody believes in a certificate that nobody knows.
  const stranger = await gatewayTo(`/=https://localhost:${port}`);
  expect((await get(`${await stranger.url}/x`)).json()).toMatchObject({
    status: 502,
    detail: '/ gave no answer (DEPTH_ZERO_SELF_SIGNED_CERT)',
  });
});

test('an upload that takes longer than GATEWAY_TIMEOUT is no 504, and neither is a client that pauses', async () => {
  const target = await backend((req, res) => {
    let body = '';
    req.on('data', (part: Buffer) => (body += part.toString()));
    req.on('end', () => res.end(body));
  });
  const service = await gatewayTo(`/=${target.url}`, { GATEWAY_TIMEOUT: '200ms' });
  const client = new RawClient(await service.url);
  client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n');
  for (const byte of 'hell') {
    client.socket.write(byte);
    await sleep(150);
  }
  await sleep(500);
  client.socket.write('o');
  await client.receives('hello');
  expect(client.received).toMatch(/^HTTP\/1\.1 200 /);
});

test('a target that takes nothing of an upload is a 504', async () => {
  const target = await backend(answering('ok'));
  target.server.removeAllListeners('connection');
  target.server.on('connection', (socket) => {
    socket.pause();
    own(() => socket.destroy());
  });
  const service = await gatewayTo(`/=${target.url}`, { GATEWAY_TIMEOUT: '300ms' });
  const client = new RawClient(await service.url);
  client.socket.write(`POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
  const upload = new Readable({ read: () => upload.push(Buffer.alloc(64 * 1024)) && undefined });
  upload.on('error', () => undefined).pipe(client.socket);
  client.socket.once('close', () => upload.destroy());
  await client.receives('HTTP/1.1 504');
  expect(await count(service, 'timeout')).toBe(1);
});

describe('a shutdown', () => {
  test('answers proxied requests that are in flight and closes the pool', async () => {
    const target = await backend((_req, res) => void setTimeout(() => res.end('late'), 700));
    const service = await gatewayTo(`/=${target.url}`);
    const answer = get(`${await service.url}/x`);
    await inFlight(await service.management, 1, answer);
    await leave(service);
    expect((await answer).body).toBe('late');
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.hooks).toMatchObject([{ name: 'gateway', result: 'ok' }]);
  });

  test('closes proxied WebSockets with 1001', async () => {
    const target = await backend(answering('ok'));
    const sockets = new WebSocketServer({ server: target.server });
    sockets.on('connection', (socket) => socket.on('message', (text) => socket.send(`echo ${String(text)}`)));
    const service = await gatewayTo(`/=${target.url}`, { SHUTDOWN_WINDOW: '500ms' });
    const client = new WebSocket(`${(await service.url).replace('http', 'ws')}/chat`);
    await once(client, 'open');
    client.send('hello');
    const [echo] = (await once(client, 'message')) as [Buffer];
    expect(echo.toString()).toBe('echo hello');
    const closed = once(client, 'close') as Promise<[number]>;
    await leave(service);
    expect((await closed)[0]).toBe(1001);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).connections).toMatchObject({ upgraded: 1, cut: 0 });
  });

  test('a WebSocket that its target does not want gets the answer, whole', async () => {
    const target = await backend((_req, res) => void res.writeHead(401, { 'Set-Cookie': 'a=1' }).end('no'));
    const service = await gatewayTo(`/=${target.url}/base/`);
    const client = new RawClient(await service.url);
    const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0';
    client.socket.write(
      `GET /chat HTTP/1.1\r\nHost: x\r\n${handshake}\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    await client.ended;
    expect(client.received).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(client.received).toContain('Set-Cookie: a=1');
    expect(target.seen.map(({ url }) => url)).toEqual(['/base/chat']);
    expect(await count(service, 'ok')).toBe(1);
  });

  test('a WebSocket whose target does not answer gets a 504', async () => {
    const target = await backend(answering('ok'));
    target.server.on('upgrade', () => undefined);
    const service = await gatewayTo(`/=${target.url}`, { GATEWAY_TIMEOUT: '200ms' });
    const client = new WebSocket(`${(await service.url).replace('http', 'ws')}/chat`);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('504');
    expect(await count(service, 'timeout')).toBe(1);
  });

  test('a WebSocket whose target is down gets a 502', async () => {
    const target = await backend(answering('ok'));
    target.server.close();
    const service = await gatewayTo(`/=${target.url}`);
    const client = new WebSocket(`${(await service.url).replace('http', 'ws')}/chat`);
    const [error] = (await once(client, 'error')) as [Error];
    expect(error.message).toContain('502');
    expect((await get(`${await service.url}/`)).status).toBe(200);
  });
});

test('a rolling restart of a target behind the gateway loses no idempotent request', async () => {
  const env = { SHUTDOWN_WINDOW: '300ms', SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s' };
  const pods = [startService(env), startService(env)];
  const endpoints = await Promise.all(pods.map(async (pod) => pod.url));
  const { url } = await balancer(endpoints);
  const service = await gatewayTo(`/target=${url}`, { LOG_LEVEL: 'info' });
  const base = await service.url;

  const failures: string[] = [];
  let answered = 0;
  const rolling = new AbortController();
  const agent = new http.Agent({ keepAlive: true });
  const clients = Array.from({ length: 20 }, async () => {
    while (!rolling.signal.aborted) {
      // The targets are this very service: they have no such path, and say so with a 404 of their own.
      const { status, headers } = await get(`${base}/target/x`, { agent });
      if (status === 404 && headers.via === `1.1 ${PACKAGE_NAME}`) answered++;
      else failures.push(String(status));
    }
  });
  for (let i = 0; i < pods.length; i++) {
    const next = startService(env);
    const [old] = pods.splice(0, 1, next);
    endpoints.push(await next.url);
    old?.kill('SIGTERM');
    await old?.line({ state: 'lame-duck' });
    endpoints.shift(); // as a load balancer: some time after the signal
    expect((await old?.ended)?.code).toBe(0);
    pods.push(pods.shift()!);
  }
  rolling.abort();
  await Promise.all(clients);
  agent.destroy();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(100);
});

/** Chooses an endpoint for each new connection, as kube-proxy does; connections that are open stay where they are. */
async function balancer(endpoints: string[]): Promise<{ url: string }> {
  let next = 0;
  const server: TcpServer = createTcpServer({ allowHalfOpen: true }, (client) => {
    const port = Number(new URL(endpoints[next++ % endpoints.length] ?? '').port);
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
