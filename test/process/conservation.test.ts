import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import { overlapping as test } from '../harness/overlapping.ts';
import { startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

/** What a client saw of the requests that it sent. */
interface Tally {
  accepted: number;
  answered: number;
  aborted: number;
  cut: number;
  broken: number;
}

/** One connection and what its client does on it, beginning after a while. */
type Behaviour =
  | { kind: 'keep-alive'; afterMs: number; requests: number; pauseMs: number }
  | { kind: 'pipelined'; afterMs: number; requests: number }
  | { kind: 'slow'; afterMs: number; ms: number }
  | { kind: 'stream'; afterMs: number; ms: number }
  | { kind: 'abort'; afterMs: number; ms: number }
  | { kind: 'stuck'; afterMs: number }
  | { kind: 'silent'; afterMs: number };

const upTo = (max: number) => fc.integer({ min: 0, max });
const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.record({
    kind: fc.constant('keep-alive' as const),
    afterMs: upTo(300),
    requests: fc.integer({ min: 1, max: 20 }),
    pauseMs: upTo(100),
  }),
  fc.record({ kind: fc.constant('pipelined' as const), afterMs: upTo(600), requests: upTo(8) }),
  fc.record({ kind: fc.constant('slow' as const), afterMs: upTo(600), ms: upTo(700) }),
  fc.record({
    kind: fc.constant('stream' as const),
    afterMs: upTo(600),
    ms: fc.integer({ min: 1, max: 700 }),
  }),
  fc.record({ kind: fc.constant('abort' as const), afterMs: upTo(600), ms: upTo(300) }),
  fc.record({ kind: fc.constant('stuck' as const), afterMs: upTo(300) }),
  fc.record({ kind: fc.constant('silent' as const), afterMs: upTo(300) }),
);

/** Plays one client on a connection that is open already, and adds what it saw to the tally. */
async function play(client: RawClient, what: Behaviour, tally: Tally): Promise<void> {
  const count = (outcome: Exclude<keyof Tally, 'accepted'>) => {
    tally.accepted++;
    tally[outcome]++;
  };
  await Promise.race([sleep(what.afterMs), client.ended]);
  if (client.socket.destroyed) return; // its connection had been idle too long
  switch (what.kind) {
    case 'keep-alive':
      for (let i = 1; i <= what.requests && !client.received.includes('Connection: close'); i++) {
        client.get(`/echo/${i}`);
        await client.receives(`"/echo/${i}"`);
        count('answered');
        await sleep(what.pauseMs);
      }
      break;
    case 'pipelined': {
      const paths = Array.from({ length: what.requests }, (_, i) => `/echo/${i}`);
      client.socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
      for (const path of paths) {
        await client.receives(`"${path}"`);
        count('answered');
      }
      break;
    }
    case 'slow':
      client.get(`/slow?ms=${what.ms}`);
      await client.receives('"status":"ok"');
      count('answered');
      break;
    case 'stream':
      client.get(`/stream?ms=${what.ms}`);
      await client.receives('last');
      count('answered');
      break;
    case 'abort':
      client.get('/stream?ms=0');
      await client.receives('first');
      await sleep(what.ms);
      count('aborted');
      break;
    case 'stuck':
      client.get('/slow?ms=60000');
      await client.ended;
      count('cut');
      break;
    case 'silent':
      await client.ended;
      break;
  }
  client.socket.destroy();
}

test('whatever the clients do and whenever the signal comes, their tally is that of the report', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviour, { minLength: 1, maxLength: 40 }),
      upTo(700),
      upTo(200),
      async (clients, signalAfterMs, windowMs) => {
        const service = startService(
          {
            SHUTDOWN_WINDOW: `${windowMs}ms`,
            SHUTDOWN_WINDOW_MAX: `${windowMs}ms`,
            SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s', // longer than any client pauses
            SHUTDOWN_DRAIN_TIMEOUT: '3s',
            LOG_LEVEL: 'info',
          },
          FIXTURE,
        );
        const url = await service.url;
        const open = await Promise.all(clients.map(async () => new RawClient(url).connected()));
        const tally: Tally = { accepted: 0, answered: 0, aborted: 0, cut: 0, broken: 0 };
        const played = open.map(async (client, i) => play(client, clients[i]!, tally));
        await sleep(signalAfterMs);
        await leave(service);
        await Promise.all(played);
        const { code, report } = await reportOf(service);
        const { requests, connections } = numbersOf(report);
        expect(requests.lifetime).toEqual({ ...tally, inFlight: 0 });
        expect(connections.lifetime).toMatchObject({ accepted: clients.length, open: 0 });
        expect(code).toBe(tally.cut > 0 ? 80 : 0);
        expect(report.cutRequests).toHaveLength(Math.min(10, tally.cut));
      },
    ),
    { numRuns: Number(process.env['CONSERVATION_RUNS'] ?? 5), endOnFailure: true },
  );
}, 120_000);
