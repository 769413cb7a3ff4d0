import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request, { type Response } from 'supertest';
import { Problem, problemHandler } from '../../../src/lastcall/http/problem.ts';
import { requestLog } from '../../../src/lastcall/http/request-log.ts';
import { startApp, type TestApp } from '../../harness/app.ts';
import { sendRaw } from '../../harness/raw-client.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ BODY_LIMIT: '64b' });
});

afterAll(async () => {
  await app.close();
});

function expectProblem(response: Response, status: number, title: string): Record<string, unknown> {
  const body = JSON.parse(response.text || '{}') as Record<string, unknown>;
  expect(response.status).toBe(status);
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(body).toMatchObject({ type: 'about:blank', title, status });
  expect(body['requestId']).toBe(response.headers['x-request-id']);
  expect(body['requestId']).toBeTruthy();
  return body;
}

const started: TestApp[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(async ({ close }) => close()));
});

/** One route that fails as told, between the same middleware as in the app. */
async function failing(handler: RequestHandler, env: Record<string, string> = {}): Promise<TestApp> {
  const own = await startApp(env, ({ config, logger }) =>
    express().use(requestLog(logger)).get('/fail', handler).use(problemHandler(config)),
  );
  started.push(own);
  return own;
}

describe('a request that the app can not answer is a problem', () => {
  test('404: nothing has this path', async () => {
    const body = expectProblem(await request(app.url).get('/nowhere?secret=1'), 404, 'Not Found');

    expect(body['detail']).toBe('nothing is at /nowhere');
  });

  test.each([
    ['DELETE', '/', 'GET, HEAD, OPTIONS'],
    ['GET', '/echo', 'POST, OPTIONS'],
    ['POST', '/slow', 'GET, HEAD, OPTIONS'],
    ['PUT', '/echo/a', 'GET, HEAD, OPTIONS'],
  ])('405: %s %s, with the methods that are possible', async (method, path, allow) => {
    const response = await request(app.url)[method.toLowerCase() as 'get'](path);

    const body = expectProblem(response, 405, 'Method Not Allowed');
    expect(body['detail']).toBe(`${method} is not possible at ${path}`);
    expect(response.headers['allow']).toBe(allow);
  });

  test('OPTIONS is no problem: 204 and the methods that are possible', async () => {
    const response = await request(app.url).options('/slow');

    expect(response.status).toBe(204);
    expect(response.headers['allow']).toBe('GET, HEAD, OPTIONS');
    expect(response.text).toBe('');
  });

  test('400: the body is no JSON', async () => {
    const response = await request(app.url).post('/echo').type('application/json').send('{"a":');

    expectProblem(response, 400, 'Bad Request');
  });

  test('400: there is no body', async () => {
    const body = expectProblem(await request(app.url).post('/echo'), 400, 'Bad Request');

    expect(body['detail']).toBe('there is no body, expected JSON as application/json');
  });

  test('413: the body is larger than the limit', async () => {
    const response = await request(app.url)
      .post('/echo')
      .send({ long: 'x'.repeat(64) });

    expectProblem(response, 413, 'Payload Too Large');
  });

  test('415: the body is something else than JSON', async () => {
    const response = await request(app.url).post('/echo').type('text/plain').send('hello');

    const body = expectProblem(response, 415, 'Unsupported Media Type');
    expect(body['detail']).toBe('the body is text/plain, expected application/json');
  });

  test('415: the body has an encoding that nobody knows', async () => {
    const response = await request(app.url)
      .post('/echo')
      .type('application/json')
      .set('Content-Encoding', 'rot13')
      .send('{}');

    expectProblem(response, 415, 'Unsupported Media Type');
  });

  test.each(['/echo/%zz', '/echo/%', '/echo/%c0%80'])('400: malformed percent-encoding, %s', async (path) => {
    const response = await request(app.url).get(path);

    expectProblem(response, 400, 'Bad Request');
    expect(await app.log.line({ requestId: response.headers['x-request-id'] })).toMatchObject({
      level: 'info',
      status: 400,
    });
  });

  test('a failed HEAD has the headers and no body', async () => {
    const response = await request(app.url).head('/nowhere');

    expect(response.status).toBe(404);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(response.text).toBeFalsy();
  });
});

describe('what Node’s parser refuses', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n'],
    ['two lengths', 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('%s is a 400 problem, and the connection ends', async (_name, text) => {
    const answer = await sendRaw(app.port, text);

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
    expect(answer).toMatch(/\r\nContent-Type: application\/problem\+json\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n', 2)[1] ?? '')).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'the request could not be read as HTTP',
    });
  });

  test('headers that are too large are a 431 problem', async () => {
    const answer = await sendRaw(app.port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n', 2)[1] ?? '')).toMatchObject({ status: 431 });
  });

  test('the service goes on after all of it', async () => {
    await sendRaw(app.port, '\0\0\0\r\n\r\n');

    await request(app.url).get('/').expect(200);
  });
});

describe('a handler that fails', () => {
  test('is a 500 that tells nothing in production and is logged as error with its stack', async () => {
    const own = await failing(() => {
      throw new Error('the password is swordfish');
    });

    const response = await request(own.url).get('/fail');

    const body = expectProblem(response, 500, 'Internal Server Error');
    expect(body).not.toHaveProperty('stack');
    expect(body).not.toHaveProperty('detail');
    expect(response.text).not.toContain('swordfish');
    const line = await own.log.line({ event: 'request' });
    expect(line).toMatchObject({
      level: 'error',
      status: 500,
      route: '/fail',
      err: {
        type: 'Error',
        message: 'the password is swordfish',
        stack: expect.stringContaining('problem.test'),
      },
    });
  });

  test('shows its stack in development', async () => {
    const own = await failing(
      () => {
        throw new Error('boom');
      },
      { NODE_ENV: 'development' },
    );

    const body = expectProblem(await request(own.url).get('/fail'), 500, 'Internal Server Error');

    expect(body['stack']).toMatch(/^Error: boom\n +at /);
  });

  test.each<[string, unknown]>([
    ['a text', 'boom'],
    ['null', null],
    ['a symbol', Symbol('boom')],
    ['an object without a text', Object.create(null)],
    ['an object with a status that is none', { status: 200 }],
    ['a status out of range', Object.assign(new Error('x'), { status: 999 })],
  ])('is a 500 whatever it throws: %s', async (_name, thrown) => {
    const own = await failing(async () => {
      await Promise.resolve();
      throw thrown;
    });

    expectProblem(await request(own.url).get('/fail'), 500, 'Internal Server Error');

    expect(await own.log.line({ event: 'request' })).toMatchObject({ level: 'error', status: 500 });
  });

  test('answers with the status, the detail and the extensions of a problem that it throws', async () => {
    const own = await failing(() => {
      throw new Problem(422, 'two fields are wrong', { errors: ['name', 'age'], status: 200 });
    });

    const body = expectProblem(await request(own.url).get('/fail'), 422, 'Unprocessable Entity');

    expect(body).toMatchObject({ detail: 'two fields are wrong', errors: ['name', 'age'] });
    expect(await own.log.line({ event: 'request' })).toMatchObject({ level: 'info', status: 422 });
  });

  test('breaks the connection when its answer is half out, so that the client knows', async () => {
    const own = await failing((_req, res) => {
      res.set('Content-Length', '1000');
      res.write('half');
      throw new Error('too late');
    });

    const answer = await sendRaw(own.port, 'GET /fail HTTP/1.1\r\nHost: x\r\n\r\n');

    expect(answer).not.toContain('problem');
    expect((answer.split('\r\n\r\n', 2)[1] ?? '').length).toBeLessThan(1000);
    expect(await own.log.line({ event: 'request' })).toMatchObject({
      level: 'error',
      err: { message: 'too late' },
    });
  });
});
