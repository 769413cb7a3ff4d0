import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import type { TestApp } from '../harness/app.ts';
import { startOwnApp } from '../harness/own-service.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startOwnApp();
});

afterAll(async () => {
  await app.close();
});

test.each(['/echo/a', '/echo/a/b/c?d=e&f', '/echo/a%2Fb%20c', '/echo/a?x=%F0%9F%91%8B'])(
  'GET %s tells the path and query as they arrived',
  async (uri) => {
    const { body } = await request(app.url).get(uri).expect(200);

    expect(body).toEqual({ status: 'ok', uri });
  },
);

test.each([{ a: [1, { b: null }] }, [], 'text', 0, false, null])(
  'POST /echo sends %j back',
  async (value) => {
    const { body } = await request(app.url)
      .post('/echo')
      .type('application/json')
      .send(JSON.stringify(value))
      .expect(200)
      .expect('Content-Type', /^application\/json/);

    expect(body).toEqual(value);
  },
);
