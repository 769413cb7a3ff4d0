import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from '@jest/globals';
import request from 'supertest';
import { startOwnApp } from '../harness/own-service.ts';
import { own } from '../harness/own.ts';

const ORDER = { sku: 'A-1', quantity: 2, shipping: 'express' };
let file: string;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'orders-'));
  own(() => rmSync(folder, { recursive: true }));
  file = join(folder, 'orders.jsonl');
});

// #region route
test('an order that was placed is found at its location', async () => {
  const app = await startOwnApp();

  const { body, headers } = await request(app.url).post('/orders').send(ORDER).expect(201);

  expect(body).toEqual({ id: expect.any(String), placedAt: expect.stringMatching(/Z$/), ...ORDER });
  expect(headers['location']).toBe(`/orders/${body.id}`);
  expect((await request(app.url).get(`/orders/${body.id}`).expect(200)).body).toEqual(body);
});
// #endregion route

test('an order that does not exist is a problem', async () => {
  const app = await startOwnApp();

  const { text } = await request(app.url).get('/orders/42').expect(404);

  expect(JSON.parse(text)).toMatchObject({ title: 'Not Found', detail: 'no order has the id 42' });
});

// #region validation
test('a body that is wrong is a problem that says what, and where', async () => {
  const app = await startOwnApp({ ORDERS_MAX_QUANTITY: '5' });
  const body = { quantity: 6, shipping: 'slow', 'a/b': 1 };

  const { text } = await request(app.url).post('/orders').send(body).expect(422);

  expect(JSON.parse(text).errors).toEqual([
    { pointer: '#/quantity', detail: 'expected a whole number from 1 to 5' },
    { pointer: '#/shipping', detail: 'expected "standard" or "express"' },
    { pointer: '#/a~1b', detail: 'is not known here' },
    { pointer: '#/sku', detail: 'is missing' },
  ]);
});
// #endregion validation

test('a body of another shape than an object is refused as a whole', async () => {
  const app = await startOwnApp();

  const { text } = await request(app.url).post('/orders').send([]).expect(422);

  expect(JSON.parse(text).errors).toEqual([{ pointer: '#', detail: 'expected object' }]);
});

// #region metrics
test('orders are counted by their shipping, from 0 on, and measured by their pieces', async () => {
  const app = await startOwnApp();
  await request(app.url).post('/orders').send(ORDER).expect(201);
  await request(app.url).post('/orders').send({}).expect(422);

  const page = await app.metrics();

  expect(page).toContain('\norders_total{shipping="standard"} 0\n');
  expect(page).toContain('\norders_total{shipping="express"} 1\n');
  expect(page).toContain('\norders_quantity_bucket{le="1"} 0\norders_quantity_bucket{le="2"} 1\n');
});
// #endregion metrics

// #region file
test('orders outlive the process that took them', async () => {
  const first = await startOwnApp({ ORDERS_FILE: file });
  const { body } = await request(first.url).post('/orders').send(ORDER).expect(201);
  await first.close();

  const second = await startOwnApp({ ORDERS_FILE: file });

  expect((await request(second.url).get(`/orders/${body.id}`).expect(200)).body).toEqual(body);
});
// #endregion file

test('orders that are placed at once are a line each', async () => {
  const app = await startOwnApp({ ORDERS_FILE: file });
  const place = async () => request(app.url).post('/orders').send(ORDER).expect(201);

  await Promise.all(Array.from({ length: 50 }, place));

  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(new Set(lines.map((line) => JSON.parse(line).id)).size).toBe(50);
});

test('a file that is no list of orders ends the start, and says where', async () => {
  writeFileSync(file, '{"id":"1"}\n{"id":\n');

  await expect(startOwnApp({ ORDERS_FILE: file })).rejects.toThrow(
    `start-up hook "orders" failed: ${file}:2 is no order`,
  );
});

// #region check
test('a file that has gone makes the service unready', async () => {
  const app = await startOwnApp({ ORDERS_FILE: file, HEALTH_CHECK_INTERVAL: '100ms' });
  await until(() => app.health.ready);

  rmSync(file);

  await until(() => !app.health.ready);
  expect(app.health.status()).toMatchObject([{ name: 'orders', error: expect.stringContaining('ENOENT') }]);
});
// #endregion check

test('the most pieces have to be a number', async () => {
  await expect(startOwnApp({ ORDERS_MAX_QUANTITY: 'many' })).rejects.toMatchObject({
    problems: ['ORDERS_MAX_QUANTITY="many": expected a whole number, 1 or more'],
  });
});

/** Resolves when it holds; a test that has failed waits no longer. */
async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 4000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error('it has not come to that');
    await sleep(10);
  }
}
