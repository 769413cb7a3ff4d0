import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from '@jest/globals';
import type { Replica } from '../../rehearsal/cluster/replica.ts';
import type { Service } from '../../rehearsal/cluster/service.ts';
import { checkRoutes } from '../../rehearsal/load/route-check.ts';
import type { LoadPlan } from '../../rehearsal/plan.ts';
import { ROUTES } from '../../rehearsal/subject/routes.ts';
import { own } from '../harness/own.ts';

/** Asks a server for what a load would. */
async function checked(
  server: Server,
  load: Partial<LoadPlan>,
  connectOn: (port: number) => Socket = connect,
) {
  server.listen(0, '127.0.0.1');
  own(() => server.closeAllConnections());
  own(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service = { connectTo: () => connectOn(port) } as unknown as Service<Replica>;
  const plan = { routes: ROUTES, slow: 0, post: 0, streams: 0, webSockets: 0, timeoutMs: 5000, ...load };
  return checkRoutes(plan as LoadPlan, service, { probed: 0 } as Replica);
}

test('a path that answers a WebSocket as any other request is none', async () => {
  const server = createServer((_req, res) => res.end());

  await expect(checked(server, { webSockets: 1 })).rejects.toMatchObject({
    message: expect.stringMatching(/GET \/: status 200; --websocket-path says another path/),
  });
});

test('a program that speaks no TLS is said to, and not taken for one that loses everything', async () => {
  const server = createServer((_req, res) => res.end());
  const overTls = (port: number) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });

  await expect(checked(server, {}, overTls)).rejects.toMatchObject({
    code: 'REHEARSAL_USAGE',
    message: 'the program speaks no TLS: expected no --https',
  });
});

test('a stream whose program answers no HEAD is asked for by GET, and nothing waits for its end', async () => {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    // The headers of an answer to HEAD wait for its end.
    if (req.url === '/events') res.write('data: {}\n\n');
    else res.end();
  });

  await checked(server, { streams: 1 });

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
