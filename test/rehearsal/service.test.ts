import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { random } from '../../rehearsal/random.ts';
import { type Backend, Service } from '../../rehearsal/cluster/service.ts';

const servers: Server[] = [];
const services: Service<Backend>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const service of services.splice(0)) service.close();
});

const READY = { serving: true, terminating: false };
const LEAVING = { serving: true, terminating: true };
const NOT_SERVING = { serving: false, terminating: true };

/** A service whose rotation can be awaited. */
function serviceWith({ endpointLagMs = 50, nodes = 1, jitter = 0 }) {
  const changes: [name: string, inRotation: boolean][] = [];
  const waiting = new Set<() => void>();
  const service = new Service<Backend>(
    { endpointLagMs, nodes, jitter, https: false },
    random(1),
    ({ name }, inRotation) => {
      changes.push([name, inRotation]);
      for (const look of waiting) look();
    },
  );
  services.push(service);
  const left = async (name: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (changes.some(([who, inRotation]) => who === name && !inRotation)) resolve();
      };
      waiting.add(look);
      look();
    });
  return { service, changes, left };
}

/** Says its name on every connection. */
async function backend(name: string): Promise<Backend> {
  const server = createServer((socket) => socket.end(name)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { name, port: (server.address() as AddressInfo).port };
}

async function said(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('new connections are spread over the ready endpoints', async () => {
  const { service } = serviceWith({});
  const backends = await Promise.all(['a', 'b', 'c'].map(backend));
  for (const one of backends) service.update(one, READY);

  const names = await Promise.all(Array.from({ length: 90 }, async () => said(service.connect(0))));

  for (const name of ['a', 'b', 'c']) {
    expect(names.filter((got) => got === name).length).toBeGreaterThan(15);
  }
});

test('an endpoint that is leaving gets new connections until the lag is over, and none after it', async () => {
  const { service, left } = serviceWith({});
  const [leaving, staying] = await Promise.all([backend('leaving'), backend('staying')]);
  service.update(leaving, READY);
  service.update(staying, READY);

  service.update(leaving, LEAVING);
  const during = await Promise.all(Array.from({ length: 40 }, async () => said(service.connect(0))));
  await left('leaving');
  const after = await Promise.all(Array.from({ length: 40 }, async () => said(service.connect(0))));

  expect(new Set(during)).toEqual(new Set(['leaving', 'staying']));
  expect(new Set(after)).toEqual(new Set(['staying']));
});

test('a connection that exists stays where it is when its endpoint leaves', async () => {
  const { service, left } = serviceWith({ endpointLagMs: 0 });
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const echo = { name: 'echo', port: (server.address() as AddressInfo).port };
  service.update(echo, READY);
  const socket = service.connect(0);
  await once(socket, 'connect');

  service.update(echo, LEAVING);
  await left('echo');
  socket.end('still there');

  expect(await said(socket)).toBe('still there');
  expect(service.routeOf(socket)).toEqual({ backend: echo });
});

test('without a ready endpoint, those that are terminating and still serving are the last resort', async () => {
  const { service, left } = serviceWith({});
  const last = await backend('last');
  service.update(last, READY);

  service.update(last, LEAVING);
  await left('last');

  expect(await said(service.connect(0))).toBe('last');
});

test('a connection is refused when nobody is ready and nobody serves', async () => {
  const { service, left } = serviceWith({});
  const gone = await backend('gone');
  service.update(gone, READY);
  service.update(gone, NOT_SERVING);
  await left('gone');

  const socket = service.connect(0);

  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(service.routeOf(socket)).toEqual({ backend: undefined });
});

test('when it is over, nobody learns of an end any more', async () => {
  const { service, changes } = serviceWith({ endpointLagMs: 0 });
  const one = await backend('one');
  service.update(one, READY);

  service.close();
  service.remove(one);
  await new Promise((resolve) => setTimeout(resolve, 20));

  expect(changes).toEqual([['one', true]]);
});

test('every balancer learns of it by itself, and an endpoint is in rotation until the last one has', async () => {
  const { service, changes, left } = serviceWith({ nodes: 5, endpointLagMs: 100, jitter: 0.9 });
  const [leaving, staying] = await Promise.all([backend('leaving'), backend('staying')]);
  service.update(leaving, READY);
  service.update(staying, READY);

  service.update(leaving, LEAVING);
  await left('leaving');

  expect(changes).toEqual([
    ['leaving', true],
    ['staying', true],
    ['leaving', false],
  ]);
});
