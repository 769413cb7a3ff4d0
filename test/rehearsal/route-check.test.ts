import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from '@jest/globals';
import type { Replica } from '../../rehearsal/cluster/replica.ts';
import type { Service } from '../../rehearsal/cluster/service.ts';
import { checkRoutes } from '../../rehearsal/load/route-check.ts';
import type { LoadPlan } from '../../rehearsal/plan.ts';
import { ROUTES } from '../../rehearsal/subject/routes.ts';
import { own } from '../harness/own.ts';

test('a stream whose program answers no HEAD is asked for by GET, and nothing waits for its end', async () => {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    // The headers of an answer to HEAD wait for its end.
    if (req.url === '/events') res.write('data: {}\n\n');
    else res.end();
  }).listen(0, '127.0.0.1');
  own(() => server.closeAllConnections());
  own(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service = { connectTo: () => connect(port, '127.0.0.1') } as unknown as Service<Replica>;
  const routes = { ...ROUTES, get: '/', stream: '/events' };
  const plan = { routes, slow: 0, post: 0, streams: 1, webSockets: 0, timeoutMs: 5000 } as LoadPlan;

  await checkRoutes(plan, service, { probed: 0 } as Replica);

  expect(asked).toEqual(['GET /', 'HEAD /events', 'GET /events']);
});

test('a program that fails at its start is asked again: that it is ready too early is no matter of its paths', async () => {
  let requests = 0;
  const server = createServer((_req, res) => res.writeHead(++requests < 4 ? 503 : 200).end()).listen(
    0,
    '127.0.0.1',
  );
  own(() => server.close());
  own(() => server.closeAllConnections());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service = { connectTo: () => connect(port, '127.0.0.1') } as unknown as Service<Replica>;
  const plan = { routes: ROUTES, slow: 0, post: 0, streams: 0, webSockets: 0, timeoutMs: 5000 } as LoadPlan;

  await checkRoutes(plan, service, { probed: 0 } as Replica);

  expect(requests).toBe(4);
});
