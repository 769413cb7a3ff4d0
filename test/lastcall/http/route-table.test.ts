import { afterEach, expect, test } from '@jest/globals';
import express, { Router, type Express } from 'express';
import request from 'supertest';
import { routeOf, UNMATCHED } from '../../../src/lastcall/http/route-table.ts';
import { startApp, type TestApp } from '../../harness/app.ts';

const started: TestApp[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(async ({ close }) => close()));
});

/** Asks for a path and returns the name that the request has once it has ended, as the metrics see it. */
async function namer(app: Express): Promise<(path: string) => Promise<string>> {
  const own = await startApp({}, () => app);
  started.push(own);
  return async (path) => {
    const name = new Promise<string>((resolve) => {
      own.listener.onRequestEnd = ({ req }) => resolve(routeOf(req));
    });
    await request(own.url).get(path);
    return name;
  };
}

function ok(): Router {
  const router = Router({ mergeParams: true });
  router.get('/', (_req, res) => void res.send('ok'));
  router.get('/:order', (_req, res) => void res.send('ok'));
  return router;
}

test('a route in nested routers has the templates of all of them, never the values', async () => {
  const tenants = Router();
  tenants.use('/users/:user/orders', ok());
  const nameOf = await namer(express().use('/tenants/:tenant', tenants));

  expect(await nameOf('/tenants/acme/users/42/orders/7')).toBe('/tenants/:tenant/users/:user/orders/:order');
  expect(await nameOf('/tenants/acme/users/42/orders?x=/other')).toBe('/tenants/:tenant/users/:user/orders');
});

test('a handler that fails in a nested router keeps the whole template', async () => {
  const users = Router();
  users.get('/:id/broken', () => {
    throw new Error('boom');
  });
  const app = express().use('/users', users);
  app.use(((_error, _req, res, _next) => void res.status(500).end()) as express.ErrorRequestHandler);
  const nameOf = await namer(app);

  expect(await nameOf('/users/42/broken')).toBe('/users/:id/broken');
});

test('two routers with the same leaf are told apart', async () => {
  const nameOf = await namer(express().use('/users', ok()).use('/orders/:kind', ok()));

  expect(await nameOf('/users/1')).toBe('/users/:order');
  expect(await nameOf('/orders/new/1')).toBe('/orders/:kind/:order');
  expect(await nameOf('/users')).toBe('/users');
});

test('the root and a wildcard have their own templates', async () => {
  const app = express();
  app.get('/', (_req, res) => void res.send('ok'));
  app.get('/files/*path', (_req, res) => void res.send('ok'));
  const nameOf = await namer(app);

  expect(await nameOf('/')).toBe('/');
  expect(await nameOf('/files/a/b/c')).toBe('/files/*path');
});

test('a route that is a regular expression has its own text as name', async () => {
  const nameOf = await namer(express().get(/^\/v\d+$/, (_req, res) => void res.send('ok')));

  expect(await nameOf('/v1')).toBe(String.raw`/^\/v\d+$/`);
});

test('what no route has matched is one name, however many paths a client invents', async () => {
  const nameOf = await namer(express().use('/users', ok()));
  const names = new Set<string>();

  for (let i = 0; i < 1000; i++) names.add(await nameOf(`/${Math.random().toString(36)}/${i}`));

  expect([...names]).toEqual([UNMATCHED]);
});
