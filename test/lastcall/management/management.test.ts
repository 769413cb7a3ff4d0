import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import request from 'supertest';
import { Health } from '../../../src/lastcall/lifecycle/health.ts';
import type { Lifecycle } from '../../../src/lastcall/lifecycle/lifecycle.ts';
import type { State } from '../../../src/lastcall/lifecycle/states.ts';
import { superviseWithTerminus } from '../../../src/lastcall/management/terminus.ts';
import { Management } from '../../../src/lastcall/management/management.ts';
import { probes } from '../../../src/lastcall/management/probes.ts';
import { Scrapes } from '../../../src/lastcall/management/scrapes.ts';
import { sendRaw } from '../../harness/raw-client.ts';

/** Terminus can be had once per process: one server for all tests, whose state they set. */
const lifecycle = { state: 'ready' as State, started: true, since: new Date(0), remainingMs: undefined };
const asLifecycle = lifecycle as unknown as Lifecycle;
const inShutdown: { liveness: 'fail' | 'pass'; readiness: 'fail' | 'pass' } = {
  liveness: 'fail',
  readiness: 'fail',
};
const scrapes = new Scrapes();
let health: Health;
let metrics: (accept?: string) => Promise<{ contentType: string; body: string }>;
const currentHealth = new Proxy({} as Health, {
  get: (_target, name: keyof Health) => (name === 'status' ? () => health.status() : health[name]),
});
const management = new Management({
  host: '127.0.0.1',
  port: 0,
  serviceName: 'shop <&>',
  lifecycle: asLifecycle,
  scrapes,
  metrics: async (accept) => metrics(accept),
  details: () => ({ inFlight: [], hooks: ['db'] }),
});
let url: string;

beforeAll(async () => {
  superviseWithTerminus(management.server, {
    probes: probes(asLifecycle, currentHealth, inShutdown),
    signals: [],
    onSignal: () => undefined,
    windDown: async () => undefined,
  });
  await management.start();
  url = `http://127.0.0.1:${management.port}`;
});

afterAll(async () => {
  management.server.closeAllConnections();
  management.server.close();
  await once(management.server, 'close');
});

beforeEach(() => {
  enter('ready');
  inShutdown.liveness = 'fail';
  inShutdown.readiness = 'fail';
  health = new Health({ timeoutMs: 1000, intervalMs: 60_000 });
  metrics = async () => ({ contentType: 'text/plain', body: 'up 1\n' });
});

afterEach(() => {
  health.stop();
});

function enter(state: State, started = state !== 'starting'): void {
  Object.assign(lifecycle, { state, started });
}

/** Starts the checks and waits until each of them has ended once. */
async function checked(checks: Record<string, () => unknown>): Promise<void> {
  for (const [name, run] of Object.entries(checks)) health.add(name, run);
  let left = Object.keys(checks).length;
  const done = new Promise<void>((resolve) => {
    health.on('change', () => {
      if (--left === 0) resolve();
    });
  });
  health.start();
  await done;
}

describe('the probes', () => {
  const PROBES = ['/startupz', '/livez', '/readyz'];

  test.each<[State, boolean, number, number, number]>([
    ['starting', false, 503, 200, 503],
    ['ready', true, 200, 200, 200],
    ['lame-duck', true, 200, 503, 503],
    ['draining', true, 200, 503, 503],
    ['cleanup', true, 200, 503, 503],
    ['final-scrape', true, 200, 503, 503],
    // A start-up that was interrupted: it never was ready.
    ['lame-duck', false, 503, 503, 503],
  ])('in %s (started: %s) say start-up %d, live %d, ready %d', async (state, wasReady, ...statuses) => {
    enter(state, wasReady);

    const answers = await Promise.all(PROBES.map(async (path) => (await request(url).get(path)).status));

    expect(answers).toEqual(statuses);
  });

  test.each<[State, boolean, number, number]>([
    ['lame-duck', true, 200, 200],
    ['final-scrape', true, 200, 200],
    ['starting', false, 200, 503],
    ['lame-duck', false, 200, 503],
  ])('told to pass: in %s (started: %s) live is %d and ready %d', async (state, wasReady, live, ready) => {
    enter(state, wasReady);
    inShutdown.liveness = 'pass';
    inShutdown.readiness = 'pass';

    expect((await request(url).get('/livez')).status).toBe(live);
    expect((await request(url).get('/readyz')).status).toBe(ready);
  });

  test('one can be told to pass without the other', async () => {
    enter('draining');
    inShutdown.readiness = 'pass';

    expect((await request(url).get('/livez')).status).toBe(503);
    expect((await request(url).get('/readyz')).status).toBe(200);
  });

  test('ready is 503 while a critical check fails, also when told to pass; live is not concerned', async () => {
    await checked({
      db: () => {
        throw new Error('refused');
      },
    });

    await request(url).get('/readyz').expect(503);
    await request(url).get('/livez').expect(200);
    inShutdown.readiness = 'pass';
    enter('draining');
    await request(url).get('/readyz').expect(503);
  });

  test.each(PROBES)('%s answers GET and HEAD with any query string, and is never cached', async (path) => {
    for (const query of ['', '?', '?x=1', '?verbose', '?a=b&verbose=true&c', '?%', '?verbose?']) {
      const got = await request(url).get(`${path}${query}`).expect(200);
      const head = await request(url).head(`${path}${query}`).expect(200);

      expect(got.body).toMatchObject({ status: 'ok', state: 'ready' });
      expect(got.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': expect.stringMatching(/^application\/json/),
      });
      expect(head.headers['cache-control']).toBe('no-store');
      expect(head.text).toBeFalsy();
    }
  });

  test.each(['post', 'put', 'delete', 'patch', 'options'] as const)('refuse %s with 405', async (method) => {
    for (const path of [...PROBES, '/livez?verbose', '/metrics']) {
      const { status, headers } = await request(url)[method](path);

      expect(status).toBe(405);
      expect(headers).toMatchObject({ allow: 'GET, HEAD', 'cache-control': 'no-store' });
    }
  });

  test('a failing one says no-store and which state too', async () => {
    enter('draining');

    const { body, headers } = await request(url).get('/readyz').expect(503);

    expect(body).toEqual({ status: 'error', state: 'draining' });
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('?verbose', () => {
  test('lists the checks with their age and error', async () => {
    await checked({
      cache: () => 'fine',
      db: () => {
        throw new Error('connection refused');
      },
    });

    const { body } = await request(url).get('/readyz?verbose').expect(503);

    expect(body).toEqual({
      status: 'error',
      state: 'ready',
      checks: [
        {
          name: 'db',
          critical: true,
          up: false,
          error: 'connection refused',
          durationMs: expect.any(Number),
          ageMs: expect.any(Number),
        },
        {
          name: 'cache',
          critical: true,
          up: true,
          durationMs: expect.any(Number),
          ageMs: expect.any(Number),
        },
      ],
    });
  });

  test('leaves nothing behind in a later answer that is plain', async () => {
    await checked({ db: () => undefined });
    const verbose = await request(url).get('/readyz?verbose').expect(200);
    expect(verbose.body).toHaveProperty('checks');

    const plain = await request(url).get('/readyz').expect(200);
    const other = await request(url).get('/livez').expect(200);

    expect(plain.body).toEqual({ status: 'ok', state: 'ready' });
    expect(other.body).toEqual({ status: 'ok', state: 'ready' });
  });

  test('stays under 10 KiB with 300 failing checks that have much to say, and counts the omitted', async () => {
    const failing = () => {
      throw new Error('ä'.repeat(5000));
    };
    await checked(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`check-${i}`, failing])));

    const { text, body } = await request(url).get('/readyz?verbose').expect(503);

    expect(Buffer.byteLength(text)).toBeLessThan(10_240);
    const { checks, omitted } = body as { checks: unknown[]; omitted: number };
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.length + omitted).toBe(300);
  });
});

test('a thousand probes, a hundred at a time, run no check', async () => {
  let runs = 0;
  await checked({ db: () => ++runs });
  const agent = async (i: number) => (await fetch(`${url}/readyz${i % 2 === 0 ? '?verbose' : ''}`)).status;

  // No more than the kernel lets wait for a process that has no time.
  for (let round = 1; round <= 10; round++) {
    const statuses = await Promise.all(Array.from({ length: 100 }, async (_, i) => agent(i)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  }

  expect(runs).toBe(1);
});

describe('other paths', () => {
  test.each(['/nowhere', '/livez/', '/livez/x', '/LIVEZ', '/constructor', '/__proto__', '//', '/metrics/'])(
    '%s is a 404',
    async (path) => {
      const answer = await sendRaw(
        management.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );

      expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
      expect(answer).toMatch(/\r\nCache-Control: no-store\r\n/);
    },
  );

  test.each(['//', '/livez?%', '*', '/%', '/livez??', 'http://x/livez', 'http://', '/livez#x', '/\u00e4'])(
    'the strange URL %j does not end the server',
    async (target) => {
      for (const method of ['GET', 'POST', 'OPTIONS', 'CONNECT']) {
        await sendRaw(
          management.port,
          `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
      }

      await request(url).get('/livez').expect(200);
    },
  );

  test.each(['/livez', '/nowhere'])(
    'an offer to upgrade is answered (%s), and nothing behind it in its place',
    async (path) => {
      const offer = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`;

      const answer = await sendRaw(management.port, `${offer}OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n`);

      expect(answer).toMatch(/^HTTP\/1\.1 (200|404) [^]*\r\nConnection: close\r\n/);
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    },
  );

  test('/ is a page that links the others, with the name made harmless', async () => {
    const { text } = await request(url)
      .get('/')
      .expect(200)
      .expect('Content-Type', /^text\/html/);

    expect(text).toContain('shop &#60;&#38;&#62;');
    for (const path of ['/livez', '/readyz', '/startupz', '/metrics', '/lifecycle']) {
      expect(text).toContain(`href="${path}`);
    }
  });

  test('/lifecycle tells the state, since when, the deadline, what is in flight and the hooks', async () => {
    const { body } = await request(url).get('/lifecycle?x').expect(200).expect('Cache-Control', 'no-store');

    expect(body).toEqual({
      state: 'ready',
      since: '1970-01-01T00:00:00.000Z',
      remainingMs: null,
      scrapes: { lastMsAgo: null, intervalMs: null, readers: 0 },
      inFlight: [],
      hooks: ['db'],
    });
  });
});

/** Promise.withResolvers, which Node 20 has not. */
function withResolvers() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('/metrics', () => {
  test('is what the registry has; a whole GET of it is a scrape, and nothing else is', async () => {
    await request(url).head('/metrics').expect(200);
    await request(url).post('/metrics').expect(405);
    metrics = async () => Promise.reject(new Error('a collector failed'));
    await request(url).get('/metrics').expect(500);
    expect(scrapes.patienceMs(1000)).toBe(0);

    metrics = async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' });
    const { text } = await request(url)
      .get('/metrics?x=1')
      .set('User-Agent', 'Prometheus/3.5.0')
      .expect(200)
      .expect('Content-Type', /0\.0\.4/);

    expect(text).toBe('up 1\n');
    expect(scrapes.patienceMs(1000)).toBe(1000);
    const next = scrapes.next();
    await request(url).get('/metrics').set('User-Agent', 'Prometheus/3.5.0').expect(200);
    await next;
    const { body } = await request(url).get('/lifecycle').expect(200);
    expect(body).toMatchObject({
      scrapes: { lastMsAgo: expect.any(Number), intervalMs: expect.any(Number), readers: 1 },
    });
  });

  test('a read that was under way before the final scrape is not the final scrape', async () => {
    const { promise: held, resolve: release } = withResolvers();
    const { promise: begun, resolve: begin } = withResolvers();
    const read = () => request(url).get('/metrics').set('User-Agent', 'Prometheus/3.5.0').expect(200);
    metrics = async () => ({ contentType: 'text/plain', body: 'first 1\n' });
    await read();
    metrics = async () => {
      begin();
      await held;
      return { contentType: 'text/plain', body: 'old 1\n' };
    };
    const old = read();
    const oldDone = old.then(() => 'old read');
    await begun;
    const next = scrapes.next().then(() => 'final scrape');
    release();

    expect(await Promise.race([oldDone, next])).toBe('old read');

    metrics = async () => ({ contentType: 'text/plain', body: 'new 1\n' });
    await read();
    expect(await next).toBe('final scrape');
  });

  test('a reader that says how long it would wait is a scraper, whatever its name', async () => {
    await request(url).get('/metrics').set('User-Agent', 'curious').expect(200);
    const before = scrapes.readers;
    await request(url)
      .get('/metrics')
      .set({ 'User-Agent': 'agent', 'X-Prometheus-Scrape-Timeout-Seconds': '10' })
      .expect(200);

    expect(scrapes.readers).toBe(before + 1);
  });

  test('comes in the format that the scraper asks for', async () => {
    metrics = async (accept) => ({ contentType: 'text/plain', body: `for ${accept}` });

    expect((await request(url).get('/metrics').set('Accept', 'application/x')).text).toBe(
      'for application/x',
    );
  });
});

test('a port that is taken is an error that names it', async () => {
  const second = new Management({
    host: '127.0.0.1',
    port: management.port,
    serviceName: 'x',
    lifecycle: asLifecycle,
    scrapes,
    metrics,
    details: () => ({ inFlight: [], hooks: [] }),
  });

  await expect(second.start()).rejects.toMatchObject({
    code: 'LISTENER_BIND',
    message: `management: port ${management.port} on 127.0.0.1 is already taken by another process (EADDRINUSE)`,
  });
});
