import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { own } from '../harness/own.ts';
import { testWith } from '../support/programs.ts';
import type { Generator } from './load/ask.ts';
import { ownClient } from './load/own-client.ts';
import { wrk } from './load/wrk.ts';

const CONNECTIONS = 8;
const BODY = JSON.stringify({ text: 'hello' });

/** What it has counted of a server that answers each request with this status, and what the server has. */
async function counted({ load }: Generator, status: number, body?: string) {
  let requests = 0;
  const bodies = new Set<string>();
  const server = createServer((req, res) => {
    requests++;
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      bodies.add(`${req.method} ${text}`);
      res.statusCode = status;
      // Of both kinds: in chunks and two packets, and with its length.
      if (requests % 2 === 0) res.write('half ', () => res.end('an answer'));
      else res.end('an answer');
    });
  });
  own(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const tally = await load({
    port,
    path: '/',
    seconds: 1,
    connections: CONNECTIONS,
    ...(body !== undefined && { body }),
  });
  return { tally, requests, bodies: [...bodies] };
}

function expectSame(
  { answers, broken, seconds }: Awaited<ReturnType<Generator['load']>>,
  requests: number,
): void {
  expect(answers).toBeGreaterThan(CONNECTIONS);
  // Those that were under way at the end may have been answered for nobody.
  expect(requests - answers).toBeGreaterThanOrEqual(0);
  expect(requests - answers).toBeLessThanOrEqual(CONNECTIONS);
  expect(broken).toBe(0);
  expect(seconds).toBeGreaterThanOrEqual(1);
}

const there = wrk();
const generators = [
  { name: 'the own client', testWherePossible: test, generator: ownClient() },
  // Without it `testWith` says so, and leaves its tests out.
  { name: 'wrk', testWherePossible: there === undefined ? testWith('wrk') : test, generator: there },
];

for (const { name, testWherePossible, generator = ownClient() } of generators) {
  testWherePossible(`${name} counts the answers that a server has given`, async () => {
    const { tally, requests, bodies } = await counted(generator, 200);

    expectSame(tally, requests);
    expect(tally.refusals).toBe(0);
    expect(bodies).toEqual(['GET ']);
  });

  testWherePossible(`${name} posts, and knows a refusal`, async () => {
    const { tally, requests, bodies } = await counted(generator, 500, BODY);

    expectSame(tally, requests);
    expect(tally.refusals).toBe(tally.answers);
    expect(bodies).toEqual([`POST ${BODY}`]);
  });
}
