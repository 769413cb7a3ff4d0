import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { Clock } from '../../rehearsal/cluster/clock.ts';
import { Ledger } from '../../rehearsal/load/ledger.ts';
import { Load } from '../../rehearsal/load/load.ts';
import { random } from '../../rehearsal/random.ts';
import type { Replica } from '../../rehearsal/cluster/replica.ts';
import { Service } from '../../rehearsal/cluster/service.ts';
import { planOf, service as builtService } from '../support/rehearsal-plan.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Load on one endpoint that behaves as the test wants it to. */
async function loadOn(handler: RequestListener, wanted: Parameters<typeof planOf>[1] = {}) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const plan = planOf(builtService(), wanted);
  const endpoint = {
    name: 'one',
    port: (server.address() as AddressInfo).port,
    state: 'ready',
    probed: 0,
  } as Replica;
  const service = new Service<Replica>(plan.network, random(2), () => undefined);
  service.update(endpoint, { serving: true, terminating: false });
  const ledger = new Ledger();
  const clock = new Clock();
  const load = new Load({ plan: plan.load, service, clock, random: random(1), ledger });
  return { server, load, ledger, service, endpoint, clock };
}

/** As soon as so many requests have come to their end. */
async function settled(ledger: Ledger, count: number): Promise<void> {
  while (ledger.entries.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('requests are due at the rate whether or not the service answers', async () => {
  const held: (() => void)[] = [];
  const { load, ledger } = await loadOn((_req, res) => held.push(() => res.end()), { load: { rate: 200 } });
  load.start();
  while (held.length < 40) await new Promise((resolve) => setTimeout(resolve, 10));

  expect(ledger.entries).toEqual([]); // none was answered, and 40 were sent nevertheless
  for (const answer of held) answer();
  const stopped = load.stop();
  while (ledger.entries.length < ledger.sent) {
    for (const answer of held.splice(0)) answer();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await stopped;

  expect(ledger.lost).toBe(0);
});

test('latency counts from when a request was due, so that a stall is seen by every request that it held up', async () => {
  let stalled = false;
  const { load, ledger } = await loadOn(
    (_req, res) => {
      if (!stalled) {
        stalled = true;
        const until = Date.now() + 300; // nothing else runs meanwhile, the clients neither
        while (Date.now() < until);
      }
      res.end();
    },
    { load: { rate: 200, fresh: 0 } },
  );
  load.start();
  await settled(ledger, 60);
  await load.stop();

  const slow = ledger.entries.filter(({ dueMs, endMs }) => endMs - dueMs > 100);
  expect(slow.length).toBeGreaterThan(20); // 200 ms at 200 a second; measured from the sending it would be one
});

test.each<[string, string, RequestListener, string]>([
  ['an error status', 'status', (_req, res) => res.writeHead(503).end(), 'status 503'],
  ['a reset before any answer', 'reset-new', (req) => req.socket.resetAndDestroy(), 'ECONNRESET'],
  [
    'half an answer',
    'broken',
    (_req, res) => {
      res.writeHead(200, { 'Content-Length': 10 }).write('half ');
      setImmediate(() => res.destroy());
    },
    'ECONNRESET',
  ],
  ['no answer at all', 'timeout', () => undefined, 'no answer after 200 ms'],
])('%s is a loss, and not repeated', async (_name, cause, handler, detail) => {
  let requests = 0;
  const { load, ledger } = await loadOn(
    (req, res) => {
      requests++;
      handler(req, res);
    },
    { load: { fresh: 1, timeoutMs: 200 } },
  );
  load.start();
  await settled(ledger, 10);
  await load.stop();

  expect(ledger.answered).toBe(0);
  expect(requests).toBe(ledger.sent);
  expect(new Set(ledger.entries.map(({ loss }) => `${loss?.cause}: ${loss?.detail}`))).toEqual(
    new Set([`${cause}: ${detail}`]),
  );
});

test('a closed port is told from a Service without endpoints', async () => {
  const { server, load, ledger, service, endpoint } = await loadOn((_req, res) => res.end(), {
    load: { fresh: 1 },
  });
  server.close();
  await once(server, 'close');
  load.start();
  await settled(ledger, 5);
  service.remove(endpoint);
  while (ledger.entries.at(-1)?.loss?.cause !== 'no-endpoint')
    await settled(ledger, ledger.entries.length + 1);
  await load.stop();

  expect(ledger.entries[0]?.loss).toMatchObject({ cause: 'refused', detail: 'ECONNREFUSED' });
});

test('a stream that ends by itself is answered, one that breaks off is lost', async () => {
  const streams: (() => void)[] = [];
  const { load, ledger } = await loadOn(
    (req, res) => {
      if (req.url !== '/events') {
        res.end();
        return;
      }
      res.write('data: 1\n\n');
      const nth = streams.push(() => (nth === 1 ? res.end('event: goodbye\n\n') : res.destroy()));
    },
    { load: { streams: 2 } },
  );
  load.start();
  while (streams.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const end of streams) end();
  const ended = () => ledger.entries.filter(({ kind }) => kind === 'stream');
  while (ended().length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const outcomes = ended().map(({ loss }) => loss?.cause);
  await load.stop();

  expect(outcomes).toHaveLength(2);
  expect(outcomes).toEqual(expect.arrayContaining([undefined, 'broken']));
});

test('a stream that is never answered is lost when the client gives up', async () => {
  const { load, ledger } = await loadOn((req, res) => void (req.url === '/events' || res.end()), {
    load: { streams: 1, timeoutMs: 200 },
  });
  load.start();
  const stream = () => ledger.entries.find(({ kind }) => kind === 'stream');
  while (stream() === undefined) await settled(ledger, ledger.entries.length + 1);
  await load.stop();

  expect(stream()?.loss).toMatchObject({ cause: 'timeout', detail: 'no answer after 200 ms' });
});

test('a load that the machine can not make is refused, instead of being late without a word', async () => {
  const { load, ledger } = await loadOn((_req, res) => res.end(), { load: { rate: 9_999_999 } });
  load.start();

  await expect(load.tooMuch).rejects.toMatchObject({
    code: 'REHEARSAL_FAILED',
    message: expect.stringMatching(/can't send 9999999 requests a second, it is \d+\.\d s behind/),
  });
  expect(ledger.late.longestMs).toBeGreaterThan(1000);
  await load.stop();
}, 60_000);

test('a WebSocket that is closed with a goodbye is answered, one that is cut is lost', async () => {
  const { server, load, ledger } = await loadOn((_req, res) => res.end(), { load: { webSockets: 2 } });
  const sockets = new WebSocketServer({ server });
  let connected = 0;
  sockets.on('connection', (client) => (++connected === 1 ? client.close(1001) : client.terminate()));
  load.start();
  const ended = () => ledger.entries.filter(({ kind }) => kind === 'websocket');
  while (ended().length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const outcomes = ended().map(({ loss }) => loss?.detail);
  await load.stop();
  sockets.close();

  expect(outcomes.slice(0, 2)).toEqual(expect.arrayContaining([undefined, 'close code 1006']));
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test.each([0, 1])(
  'a second answer that nobody has asked for is a damage (share of new connections: %i)',
  async (fresh) => {
    const { load, ledger } = await loadOn((req) => void req.socket.write(OK + OK), {
      load: { fresh, clients: 1 },
    });
    load.start();
    await settled(ledger, 5);
    await load.stop();

    expect(ledger.entries[0]?.loss).toMatchObject({ cause: 'body', detail: 'answered twice' });
    expect(ledger.answered).toBe(0);
  },
);

test('an answer that has come before its request was sent is that of another', async () => {
  const sockets: Socket[] = [];
  const { load, ledger } = await loadOn(
    (req, res) => {
      sockets.push(req.socket);
      res.end('ok');
    },
    { load: { fresh: 0, clients: 1, rate: 5 } },
  );
  load.start();
  await settled(ledger, 1);
  sockets[0]?.write(OK);
  await settled(ledger, 2);
  await load.stop();

  expect(ledger.entries[0]?.loss).toBeUndefined();
  expect(ledger.entries[1]?.loss).toMatchObject({ cause: 'body', detail: 'of another request' });
});

test('an idle connection that the program closes is noted, unless it has said so', async () => {
  for (const says of [false, true]) {
    const { load, ledger } = await loadOn(
      (req, res) => {
        if (says) res.setHeader('Connection', 'close');
        res.once('finish', () => setImmediate(() => req.socket.end()));
        res.end('ok');
      },
      { load: { fresh: 0, clients: 1, rate: 20 } },
    );
    load.start();
    await settled(ledger, 4);
    await load.stop();

    const { answers, replica } = ledger.closures[0] ?? {};
    expect([answers, replica?.name]).toEqual(says ? [undefined, undefined] : [1, 'one']);
  }
});

test('what a program says of its idle connections is noted', async () => {
  const { server, load, ledger } = await loadOn((_req, res) => res.end('ok'));
  server.keepAliveTimeout = 7000;
  load.start();
  await settled(ledger, 1);
  await load.stop();

  expect(ledger.keepAliveMs).toBe(7000);
});

test('a connection is left idle, to see whether the program closes it', async () => {
  const { server, load, ledger, endpoint } = await loadOn(
    // Explicitly, so that Node does not say for how long: its client would be the first to close.
    (_req, res) => res.setHeader('Connection', 'keep-alive').end('ok'),
    { load: { fresh: 1, rate: 20 } },
  );
  server.keepAliveTimeout = 500;
  load.start();
  load.keepIdleAt(endpoint);
  while (ledger.closures.length === 0) await settled(ledger, ledger.entries.length + 1);
  await load.stop();

  expect(ledger.closures).toEqual([expect.objectContaining({ answers: 1, replica: endpoint })]);
  expect(ledger.closures[0]?.idleMs).toBeGreaterThan(450);
  expect(endpoint.probed).toBe(1);
});

test('headers of the load go with every request, and each has an id of its own', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const { load, ledger } = await loadOn(
    (req, res) => {
      seen.push(req.headers);
      req.resume().once('end', () => res.end());
    },
    { load: { headers: { Authorization: 'Bearer x' }, post: 0.5, slow: 0.2, streams: 1 } },
  );
  load.start();
  await settled(ledger, 20);
  await load.stop();

  expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer x']));
  const ids = seen.flatMap(({ 'x-request-id': id }) => id ?? []);
  expect(ids.length).toBeGreaterThanOrEqual(15); // those of streams are without
  expect(new Set(ids).size).toBe(ids.length);
});

test('the same seed sends the same requests', async () => {
  const paths: string[][] = [];
  for (let run = 0; run < 2; run++) {
    const seen: string[] = [];
    const { load, ledger } = await loadOn(
      (req, res) => {
        seen.push(`${req.method} ${req.url}`);
        req.resume().once('end', () => res.end());
      },
      { load: { rate: 500, post: 0.5, fresh: 1, slow: 0.1 } },
    );
    load.start();
    await settled(ledger, 50);
    await load.stop();
    paths.push(
      ledger.entries
        .sort((a, b) => a.dueMs - b.dueMs)
        .slice(0, 50)
        .map(({ kind }) => kind),
    );
    expect(new Set(seen)).toEqual(new Set(['GET /', 'POST /echo', 'GET /slow?ms=500']));
  }

  expect(paths[0]).toEqual(paths[1]);
});
