import { get } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { requestInFlight, startApp, type TestApp } from '../../harness/app.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(async () => {
  await app.close();
});

describe('the request id', () => {
  test.each(['a', 'A.b_c-9', 'x'.repeat(128)])('%s is taken from the client and sent back', async (id) => {
    const { headers } = await request(app.url).get('/').set('X-Request-Id', id);

    expect(headers['x-request-id']).toBe(id);
    expect(await app.log.line({ requestId: id })).toMatchObject({ event: 'request' });
  });

  test.each(['x'.repeat(129), 'a b', 'a"b', '<script>', 'a\tb', 'ä', '{}'])(
    '%j is refused and replaced by a new one',
    async (id) => {
      const { headers } = await request(app.url)
        .get('/')
        .set('X-Request-Id', Buffer.from(id).toString('latin1'));

      expect(headers['x-request-id']).toMatch(UUID);
    },
  );

  test('is a new one for each request that brings none', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await request(app.url).get('/')).headers['x-request-id'] as string),
    );

    expect(ids[0]).toMatch(UUID);
    expect(ids[1]).toMatch(UUID);
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe('the trace id in the log line', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

  test.each([
    `00-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-00`,
    `01-${TRACE}-00f067aa0ba902b7-01-more`,
  ])('is that of traceparent %s', async (traceparent) => {
    const { headers } = await request(app.url).get('/').set('traceparent', traceparent);

    const line = await app.log.line({ requestId: headers['x-request-id'] });
    expect(line['trace_id']).toBe(TRACE);
  });

  test.each([
    ['an id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version ff', `ff-${TRACE}-00f067aa0ba902b7-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`],
    ['an id that is too short', `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`],
    ['nonsense', 'x'],
  ])('is absent for a traceparent with %s', async (_name, traceparent) => {
    const { headers } = await request(app.url).get('/').set('traceparent', traceparent);

    const line = await app.log.line({ requestId: headers['x-request-id'] });
    expect(line).not.toHaveProperty('trace_id');
  });
});

describe('the log', () => {
  test('has one line per request with method, route, status, time, bytes and request id', async () => {
    const before = app.log.lines.length;
    const { text } = await request(app.url).get('/echo/a/b?c=d').set('X-Request-Id', 'one-line');

    const line = await app.log.line({ requestId: 'one-line' });
    expect(line).toMatchObject({
      level: 'info',
      event: 'request',
      method: 'GET',
      route: '/echo/*path',
      status: 200,
      msg: 'GET /echo/*path 200',
    });
    expect(line['ms']).toEqual(expect.any(Number));
    expect(line['bytes']).toBeGreaterThan(text.length);
    expect(line).not.toHaveProperty('req');
    expect(app.log.lines).toHaveLength(before + 1);
  });

  test('counts the bytes of each request on a connection for itself', async () => {
    const socket = connect(app.port, '127.0.0.1');
    const ask = (id: string) => `GET /slow?ms=0 HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`;
    socket.write(ask('first'));
    const first = await app.log.line({ requestId: 'first' });
    socket.write(ask('second'));
    const second = await app.log.line({ requestId: 'second' });
    socket.destroy();

    expect(first['bytes']).toBeGreaterThan(100);
    expect(Math.abs(Number(second['bytes']) - Number(first['bytes']))).toBeLessThan(10);
  });

  test('has the request that its client gave up, without a status', async () => {
    const client = get(`${app.url}/slow?ms=60000`, { headers: { 'X-Request-Id': 'given-up' } });
    client.on('error', () => undefined);
    await requestInFlight(app.listener);
    client.destroy();

    const line = await app.log.line({ requestId: 'given-up' });
    expect(line).toMatchObject({ method: 'GET', route: '/slow', msg: 'GET /slow not answered' });
    expect(line).not.toHaveProperty('status');
  });
});

describe('security headers', () => {
  test('are on every answer, also on one to a body that can not be parsed', async () => {
    const good = await request(app.url).get('/').expect(200);
    const bad = await request(app.url)
      .post('/echo')
      .set('Content-Type', 'application/json')
      .send('{')
      .expect(400);

    for (const { headers } of [good, bad]) {
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
      expect(headers).toHaveProperty('content-security-policy');
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });
});
