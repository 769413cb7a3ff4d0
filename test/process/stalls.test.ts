import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { KeepAliveClients } from '../support/keep-alive-clients.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { EVERYWHERE, type Protocol, type Serving, withCertificate } from '../support/states.ts';

const start = withCertificate();

const STALLS_MS = [500, 2000, 5000];
/** All of them are over in the middle of the longest stalls. */
const SHORT = {
  KEEP_ALIVE_TIMEOUT: '1500ms',
  HEADERS_TIMEOUT: '1500ms',
  REQUEST_TIMEOUT: '1500ms',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1500ms',
};

/** The process gets no CPU while `meanwhile` runs and for as long as given, as if it were throttled or frozen. */
async function stall(service: ServiceProcess, ms: number, meanwhile: () => void): Promise<void> {
  service.kill('SIGSTOP');
  meanwhile();
  await sleep(ms);
  service.kill('SIGCONT');
}

interface Client {
  /** What it does before the stall. */
  prepare: (client: RawClient) => Promise<void> | void;
  /** What it sends while the process stands still. */
  speak: (client: RawClient) => void;
  /** The end of what it expects. */
  expects: string;
  answers: number;
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

const CLIENTS: Record<string, Client> = {
  'one that has kept its connection': {
    prepare: async (client) => {
      client.socket.write(request('/echo/kept'));
      await client.receives('/echo/kept"');
    },
    speak: ({ socket }) => socket.write(request('/echo/again')),
    expects: '/echo/again"',
    answers: 2,
  },
  'one that has never spoken': {
    prepare: () => undefined,
    speak: ({ socket }) => socket.write(request('/echo/first')),
    expects: '/echo/first"',
    answers: 1,
  },
  'one that pipelines': {
    prepare: () => undefined,
    speak: ({ socket }) => socket.write(request('/echo/1') + request('/echo/2') + request('/echo/3')),
    expects: '/echo/3"',
    answers: 3,
  },
  'one that has sent half of its headers': {
    prepare: ({ socket }) => void socket.write('GET /echo/half HTTP/1.1\r\nHo'),
    speak: ({ socket }) => socket.write('st: x\r\n\r\n'),
    expects: '/echo/half"',
    answers: 1,
  },
  'one that has sent half of its body': {
    prepare: ({ socket }) =>
      void socket.write(
        'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a"',
      ),
    speak: ({ socket }) => socket.write(':42}'),
    expects: '{"a":42}',
    answers: 1,
  },
  'one that ends its side behind its request': {
    prepare: () => undefined,
    speak: ({ socket }) => socket.end(request('/echo/end')),
    expects: '/echo/end"',
    answers: 1,
  },
};

/** A stall in a state, with one client of each kind that speaks in it; and one that connects in it, if it can. */
async function stallIn(protocol: Protocol, state: Serving, ms: number, env: Record<string, string> = {}) {
  const { service, url, enter } = await start(protocol, state, { ...SHORT, ...env });
  const clients = await Promise.all(
    Object.values(CLIENTS).map(async (kind) => {
      const client = await new RawClient(url, { allowHalfOpen: true }).connected();
      await kind.prepare(client);
      return { ...kind, client };
    }),
  );
  await enter();
  await stall(service, ms, () => {
    for (const { client, speak } of clients) speak(client);
    if (state === 'draining') return; // nobody listens any more
    // The kernel takes it; a handshake has to wait.
    const client = new RawClient(url);
    client.get('/echo/new');
    clients.push({
      client,
      prepare: () => undefined,
      speak: () => undefined,
      expects: '/echo/new"',
      answers: 1,
    });
  });
  for (const { client, expects } of clients) await client.receives(expects);
  for (const { client } of clients) client.socket.end();
  if (state === 'ready') await leave(service);
  const { code, report } = await reportOf(service);
  const { requests } = report.listeners.find(({ name }) => name === protocol)!;
  const answered = clients.reduce((sum, { answers }) => sum + answers, 0);
  return { code, report, lifetime: requests.lifetime, answered };
}

describe.each(EVERYWHERE)('over %s, %s: a process that stands still', (protocol, state) => {
  test.each(STALLS_MS)('for %i ms answers all that was sent meanwhile', async (ms) => {
    const { code, lifetime, answered, report } = await stallIn(protocol, state, ms);
    expect(lifetime).toMatchObject({ accepted: answered, answered });
    expect(code).toBe(0);
    const phase = { ready: undefined, 'lame-duck': 'window', draining: 'drain' } as const;
    const late = phase[state] === undefined ? ms : report.lateMs[phase[state]];
    expect(late).toBeGreaterThan(ms - 100);
  });
});

describe('a process that stands still', () => {
  test('when the signal comes answers all that was sent meanwhile', async () => {
    const { service, url } = await start('http', 'draining', SHORT);
    const clients = await Promise.all(Array.from({ length: 40 }, async () => new RawClient(url).connected()));
    await stall(service, 2000, () => {
      service.kill('SIGTERM');
      for (const client of clients) client.get('/echo/x');
    });
    for (const client of clients) await client.receives('"/echo/x"');
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 40, answered: 40 });
  });

  test('when the window ends answers all that was sent meanwhile, also on new connections', async () => {
    const { service, url } = await start('http', 'draining', {
      ...SHORT,
      SHUTDOWN_WINDOW: '500ms',
      SHUTDOWN_WINDOW_MAX: '500ms',
    });
    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    const clients: RawClient[] = [];
    await stall(service, 1500, () => {
      for (let i = 0; i < 40; i++) clients.push(new RawClient(url));
      for (const client of clients) client.get('/echo/x');
    });
    for (const client of clients) await client.receives('"/echo/x"');
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 40, answered: 40 });
  });

  test('when the deadline of the drain comes answers what it can at once, then cuts and counts', async () => {
    const { service, url, enter } = await start('http', 'draining', { SHUTDOWN_DRAIN_TIMEOUT: '1s' });
    const quick = await Promise.all(Array.from({ length: 20 }, async () => new RawClient(url).connected()));
    const stuck = await new RawClient(url).connected();
    await enter();
    await stall(service, 2000, () => {
      for (const client of quick) client.get('/echo/x');
      stuck.get('/slow?ms=20000');
    });
    for (const client of quick) await client.receives('"/echo/x"');
    await stuck.ended;
    const { code, report } = await reportOf(service);
    expect(code).toBe(80);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 21, answered: 20, cut: 1 });
  });

  test('past its overall deadline ends right after it', async () => {
    const { service, url, enter } = await start('http', 'draining', {
      SHUTDOWN_DRAIN_TIMEOUT: 'none',
      SHUTDOWN_CLEANUP_TIMEOUT: '100ms',
      SHUTDOWN_GRACE_PERIOD: '3s',
    });
    const stuck = await new RawClient(url).connected();
    stuck.get('/slow?ms=20000');
    await enter();
    await stall(service, 3000, () => undefined);
    const continuedAt = performance.now();
    const { code, report } = await reportOf(service);
    expect(code).toBe(82);
    expect(performance.now() - continuedAt).toBeLessThan(2000);
    expect(report.lateMs.drain).toBeGreaterThan(2900);
  });

  test('does not call a check down whose answer lies there', async () => {
    const service = startService(
      { FIXTURE: 'healthy', HEALTH_CHECK_TIMEOUT: '300ms', HEALTH_CHECK_INTERVAL: '100ms' },
      { entry: 'test/process/fixture.mjs' },
    );
    await service.line({ event: 'health', up: true });
    for (let i = 0; i < 5; i++) {
      await stall(service, 600, () => undefined);
      await sleep(50);
    }
    await leave(service);
    await reportOf(service);
    expect(service.lines.filter(({ event, up }) => event === 'health' && up === false)).toEqual([]);
  });
});

test('a client whose process stands still as well is silent for no longer than it can be', async () => {
  const { service, url, enter } = await start('http', 'draining', { SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s' });
  const client = await new RawClient(url).connected();
  await enter();
  // As if the whole machine had stood still: what the client wants to say comes a moment later.
  await stall(service, 1500, () => undefined);
  await sleep(400);
  client.get('/echo/x');
  await client.receives('"/echo/x"');
  client.socket.end();
  const { code } = await reportOf(service);
  expect(code).toBe(0);
});

test('wherever stalls fall, what the clients saw is what the report says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ afterMs: fc.integer({ min: 0, max: 800 }), ms: fc.integer({ min: 50, max: 1500 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      fc.integer({ min: 0, max: 500 }),
      async (stalls, windowMs) => {
        const { service, url } = await start('http', 'draining', {
          SHUTDOWN_WINDOW: `${windowMs}ms`,
          SHUTDOWN_WINDOW_MAX: `${windowMs}ms`,
          SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '500ms',
        });
        const clients = new KeepAliveClients(url, 40, 700);
        await clients.busy;
        service.kill('SIGTERM');
        const { pid } = service;
        for (const { afterMs, ms } of stalls) {
          await Promise.race([sleep(afterMs), service.ended]);
          if (!isAlive(pid)) break;
          await stall(service, ms, () => undefined);
        }
        const { code, report } = await reportOf(service);
        await clients.done;
        const { answered, lost, late } = clients.tally;
        const missed = Object.values(lost).reduce((sum, count) => sum + count, late);
        const { requests } = numbersOf(report);
        expect(requests.lifetime).toMatchObject({ answered, broken: missed, aborted: 0, cut: 0 });
        expect(code).toBe(missed > 0 ? 80 : 0);
      },
    ),
    { numRuns: Number(process.env['STALL_RUNS'] ?? 5), endOnFailure: true },
  );
}, 120_000);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
