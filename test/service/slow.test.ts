import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { requestInFlight, type TestApp } from '../harness/app.ts';
import { startOwnApp } from '../harness/own-service.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startOwnApp();
});

afterAll(async () => {
  await app.close();
});

test.each([0, 1, 30])('answers after at least %d ms', async (ms) => {
  const before = performance.now();

  const { body } = await request(app.url).get(`/slow?ms=${ms}`).expect(200);

  expect(body).toEqual({ status: 'ok', ms });
  // Timers count whole milliseconds and may be early by the fraction of one.
  expect(performance.now() - before).toBeGreaterThanOrEqual(ms - 1);
});

test.each(['', '?ms=', '?ms=60001', '?ms=-1', '?ms=1.5', '?ms=1e3', '?ms=x', '?ms=1&ms=2', '?ms[a]=1'])(
  'refuses /slow%s and says what it expects',
  async (query) => {
    const { status, text } = await request(app.url).get(`/slow${query}`);

    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      detail: expect.stringContaining('expected a whole number from 0 to 60000'),
    });
  },
);

test('a minute is not too long, and is in flight until its client goes', async () => {
  const gone = new AbortController();
  const answer = fetch(`${app.url}/slow?ms=60000`, {
    signal: gone.signal,
    headers: { 'X-Request-Id': 'minute' },
  });
  answer.catch(() => undefined);
  const ended = new Promise<string | undefined>((resolve) => {
    app.listener.onRequestEnd = ({ outcome }) => resolve(outcome);
  });
  await requestInFlight(app.listener);
  gone.abort();

  expect(await ended).toBe('aborted');
  expect(app.listener.inFlight()).toEqual([]);
});
