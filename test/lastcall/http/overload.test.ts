import { afterEach, expect, test } from '@jest/globals';
import request from 'supertest';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../harness/app.ts';

let app: TestApp;
afterEach(async () => app.close());

/** Keeps the event loop from turning, as synchronous work does, twice: a delay is measured from one turn to the next. */
async function stall(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await sleep(20);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  }
}

test('while the event loop is late, requests get a 503 that says when to try again', async () => {
  app = await startApp({ OVERLOAD_EVENT_LOOP_DELAY: '300ms' });
  await request(app.url).get('/').expect(200);
  await stall();

  const { status, headers, body } = await request(app.url).get('/').set('X-Request-Id', 'shed');

  expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '1' });
  expect(headers['content-type']).toMatch('application/problem+json');
  expect(body).toMatchObject({ title: 'Service Unavailable', status: 503, requestId: 'shed' });
  expect(await app.log.line({ event: 'overload', overloaded: true })).toMatchObject({ limitMs: 300 });
  expect(await app.metrics()).toMatch(/^http_server_shed_requests_total 1$/m);
});

test('when it is in time again, requests are served again', async () => {
  app = await startApp({ OVERLOAD_EVENT_LOOP_DELAY: '300ms' });
  await stall();
  await request(app.url).get('/').expect(503);

  // Judged once a second; a busy machine may take more than one to be in time.
  let status = 503;
  while (status === 503) {
    await sleep(20);
    ({ status } = await request(app.url).get('/'));
  }

  expect(status).toBe(200);
  await app.log.line({ event: 'overload', overloaded: false });
});

test('without a limit, nothing is ever refused', async () => {
  app = await startApp();
  await stall();

  await request(app.url).get('/').expect(200);
  expect(await app.metrics()).toMatch(/^http_server_shed_requests_total 0$/m);
});
