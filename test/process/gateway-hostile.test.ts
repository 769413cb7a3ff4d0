import { randomUUID } from 'node:crypto';
import { beforeAll, expect } from '@jest/globals';
import express from 'express';
import { jsonBody } from '../../src/lastcall/http/json-body.ts';
import { problemHandler } from '../../src/lastcall/http/problem.ts';
import { startApp } from '../harness/app.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { endsWell } from '../harness/report.ts';
import { startService } from '../harness/service.ts';
import {
  answersTo,
  answerTo,
  BODIES,
  DEEP,
  LIMIT,
  post,
  problemIn,
  REFUSED,
  UPGRADES,
} from '../support/hostile.ts';
import { rawTarget } from '../support/raw-target.ts';

/** Of a gateway in front of a target that reads JSON at `/up`. */
let url: string;

beforeAll(async () => {
  const target = await startApp({}, ({ config }) =>
    express()
      .post('/up', jsonBody({ limit: config.bodyLimitBytes }), (req, res) => {
        res.json(req.body);
      })
      .use(problemHandler(config)),
  );
  const service = startService({ GATEWAY_TARGETS: `/up=${target.url}` });
  own(async () => endsWell(service));
  url = await service.url;
});

describe('a JSON body, through the gateway,', () => {
  test('that is nested 50,000 deep is a 400 of the target', async () => {
    const headers = `Connection: close\r\nContent-Length: ${DEEP.length}\r\n`;
    problemIn(await answersTo(url, post('/up', randomUUID(), headers, DEEP)), 400);
  });

  test.each(BODIES)('%s is answered by the target', async (_case, body, headers, status) => {
    expect(await answerTo(url, '/up', body, headers)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('that waits for a 100 gets it, and its answer', async () => {
    const client = new RawClient(url);
    client.socket.write(post('/up', randomUUID(), 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    await client.receives('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write('[]');
    await client.receives('\r\n\r\n[]');
    client.socket.end();
  });
});

// The limit is the target's, and so is the answer; the connection is the gateway's, which reads the rest.
describe('a JSON body that is too large for the target of the gateway', () => {
  const LARGE = `Content-Length: ${LIMIT + 1}\r\n`;

  test.each([
    ['declared', LARGE, '["'],
    [
      'in chunks',
      'Transfer-Encoding: chunked\r\n',
      `${(LIMIT + 1).toString(16)}\r\n${'1'.repeat(LIMIT + 1)}\r\n`,
    ],
  ])('is a 413 before it has come, %s', async (_case, headers, sent) => {
    const client = new RawClient(url);
    client.socket.write(post('/up', randomUUID(), headers, sent));
    await client.receives('HTTP/1.1 413');
    client.socket.destroy();
  });

  test('and is sent all the same is followed by the next request', async () => {
    const client = new RawClient(url);
    client.socket.write(post('/up', randomUUID(), LARGE, 'x'.repeat(LIMIT + 1)));
    await client.receives('HTTP/1.1 413');
    client.get('/echo/a');
    await client.receives('HTTP/1.1 200');
    client.socket.end();
  });
});

test('a 100 is not said in the middle of the answer that has come instead', async () => {
  const target = await rawTarget(() => 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');
  const gateway = startService({ GATEWAY_TARGETS: `/up=${target.url}` });
  const first = 'GET /slow?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n';
  const wait = 'POST /up HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\nx';
  const client = new RawClient(await gateway.url);
  client.socket.write(first + wait);
  await client.receives('\r\n\r\nno');
  expect(client.received.split('\r\n\r\n').at(-2)).toContain('HTTP/1.1 413 ');
  client.socket.destroy();
});

describe('the target of the gateway', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const GET = 'GET /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';

  /** What a target gets of these bytes, in lower case. */
  async function headOf(bytes: string, env: Record<string, string> = {}): Promise<string> {
    const target = await rawTarget(() => OK);
    const gateway = startService({ GATEWAY_TARGETS: `/=${target.url}`, ...env });
    expect(await answersTo(await gateway.url, bytes)).toMatch(/^HTTP\/1\.1 200 /);
    return target.received.toLowerCase();
  }

  test('is asked by its path, where the line has a URL, and told the host of that', async () => {
    const head = await headOf(
      'GET http://Shop.example:81/up?a=/../b HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
    );
    expect(head).toMatch(/^get \/up\?a=\/\.\.\/b http\/1\.1\r\n/);
    expect(head).toContain('\r\nx-forwarded-host: shop.example:81\r\n');
    expect(head).not.toContain('other');
  });

  test('gets a POST that offers a WebSocket as the POST that it is', async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    expect(await headOf(`POST /up HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`)).toMatch(
      /^post \/up http\/1\.1\r\n/,
    );
  });

  test('gets no header that it could take for one of the gateway', async () => {
    const disguised = [
      'X_Forwarded_For',
      'x_forwarded-proto',
      'Content_Length',
      'Transfer_Encoding',
      'X_Request_Id',
    ];
    const lines = disguised.map((name) => `${name}: 6\r\n`).join('');
    const head = await headOf(`${GET}${lines}User_Id: 7\r\n\r\n`);
    expect(head.match(/^[^\s:]*_[^\s:]*: ./gm)).toEqual(['user_id: 7']);
  });
});

test.each([
  '/..',
  '/../x',
  '/%2e%2e/x',
  '/.%2E/x',
  '/..\\x',
  '/..%2fx',
  '/..%5cx',
  '/..;/x',
  '/..;a=b/x',
  '/..%3b/x',
  '/..%00/x',
])('a path of the gateway is a 400 if a target may read it as one above its prefix: %s', async (path) => {
  const bytes = `GET /up${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  expect(problemIn(await answersTo(url, bytes), 400)['detail']).toBe('the path has . or .. in it');
});

test('what is refused does not reach a target', async () => {
  const target = await rawTarget(() => undefined);
  const gateway = startService({ GATEWAY_TARGETS: `/=${target.url}` });
  const to = await gateway.url;
  for (const [, line, headers, status] of REFUSED) {
    problemIn(await answersTo(to, `${line.replace('/ ', '/up ')}\r\n${headers}\r\n`), status);
  }
  for (const [, bytes] of UPGRADES) problemIn(await answersTo(to, bytes('/up')), 400);
  expect(target).toMatchObject({ received: '', connections: [] });
});
