import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { endsWell } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';
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
import { type Protocol, PROTOCOLS, startOnEveryPort } from '../support/states.ts';

/** One service for all of it: what one client does to it, the others must not notice. */
let service: ServiceProcess;
let urls: Record<Protocol | 'management', string>;

beforeAll(async () => {
  ({ service, urls } = await startOnEveryPort());
  own(isWellToTheEnd);
});

/** It still answers, and accounts for every request. */
async function isWellToTheEnd(): Promise<void> {
  expect((await get(`${urls.http}/`)).status).toBe(200);
  await endsWell(service);
}

/** The one line of the log about a request. */
async function lineOf(requestId: string): Promise<Record<string, unknown>> {
  const line = await service.line({ requestId });
  expect(service.lines.filter((each) => each['requestId'] === requestId)).toHaveLength(1);
  return line;
}

describe.each(PROTOCOLS)('a JSON body, %s,', (protocol) => {
  test('that is nested 50,000 deep is a 400', async () => {
    const id = randomUUID();
    const headers = `Connection: close\r\nContent-Length: ${DEEP.length}\r\n`;
    const problem = problemIn(await answersTo(urls[protocol], post('/echo', id, headers, DEEP)), 400);
    expect(problem['detail']).toBe('the body is nested more than 200 levels deep');
    expect(await lineOf(id)).toMatchObject({ event: 'request', level: 'info', status: 400 });
  });

  test('that waits for a 100 and is not too large gets it, and its answer', async () => {
    const client = new RawClient(urls[protocol]);
    client.socket.write(post('/echo', randomUUID(), 'Content-Length: 2\r\nExpect: 100-continue\r\n'));
    await client.receives('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write('[]');
    await client.receives('\r\n\r\n[]');
    expect(client.received).not.toMatch(/connection: close/i);
    client.socket.end();
  });

  test('in chunks that are not too large is taken', async () => {
    const client = new RawClient(urls[protocol]);
    const chunks = '1\r\n[\r\n1\r\n]\r\n0\r\n\r\n';
    client.socket.write(post('/echo', randomUUID(), 'Transfer-Encoding: chunked\r\n', chunks));
    await client.receives('\r\n\r\n[]');
    client.socket.end();
  });

  test('that unpacks to one that is nested too deep is a 400', async () => {
    const packed = gzipSync(DEEP);
    const headers = `Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n`;
    problemIn(await answersTo(urls[protocol], post('/echo', randomUUID(), headers), packed), 400);
  });

  test('that is declared too large is a 413 before it has come', async () => {
    const id = randomUUID();
    const received = await answersTo(
      urls[protocol],
      post('/echo', id, `Content-Length: ${LIMIT + 1}\r\n`, '["'),
    );
    expect(problemIn(received, 413)['detail']).toBe(`the body is larger than ${LIMIT} bytes`);
    expect(await lineOf(id)).toMatchObject({ event: 'request', level: 'info', status: 413 });
  });

  test('that is too large and sent all the same is read until its client has the 413', async () => {
    const size = 8 * 1024 * 1024; // more than the buffers of the kernel take
    const bytes = post('/echo', randomUUID(), `Content-Length: ${size}\r\n`, 'x'.repeat(size));
    problemIn(await answersTo(urls[protocol], bytes), 413);
  });

  test('that is too large and waits for a 100 gets the 413', async () => {
    const headers = `Content-Length: ${LIMIT + 1}\r\nExpect: 100-continue\r\n`;
    const received = await answersTo(urls[protocol], post('/echo', randomUUID(), headers));
    problemIn(received, 413);
  });

  test('in chunks is a 413 as soon as it is too large', async () => {
    const chunk = `${LIMIT.toString(16)}\r\n${'1'.repeat(LIMIT)}\r\n`;
    const bytes = post('/echo', randomUUID(), 'Transfer-Encoding: chunked\r\n', chunk);
    problemIn(await answersTo(urls[protocol], bytes, '1\r\n2\r\n'), 413);
  });
});

describe.each(PROTOCOLS)('a JSON body, %s,', (protocol) => {
  test.each(BODIES)('%s is answered', async (_case, body, headers, status, answer) => {
    const received = await answerTo(urls[protocol], '/echo', body, headers);
    const [head, content = ''] = received.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const { detail } = JSON.parse(content) as { detail?: string };
    expect(status === 200 ? content : detail).toContain(answer);
  });
});

// What the client has sent comes back in details and bodies, where nobody may take it for anything else.
describe.each(PROTOCOLS)('what a client has chosen comes back, %s,', (protocol) => {
  const MARKUP = '<img src=x onerror=alert(1)>';
  const escaped = encodeURIComponent(MARKUP);

  test.each([
    ['of a path', `GET /${escaped} HTTP/1.1\r\nHost: x\r\n`, ''],
    ['of a path, unescaped', `GET /<script>alert(1)</script> HTTP/1.1\r\nHost: x\r\n`, ''],
    ['of an escape that is none', `GET /echo/%zz<script> HTTP/1.1\r\nHost: x\r\n`, ''],
    ['of a query', `GET /slow?ms=${escaped} HTTP/1.1\r\nHost: x\r\n`, ''],
    ['of a method', `PROPFIND /<script> HTTP/1.1\r\nHost: x\r\n`, ''],
    ['of a type', `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: ${MARKUP}\r\nContent-Length: 1\r\n`, 'x'],
    [
      'of a body',
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 28\r\n`,
      MARKUP,
    ],
    [
      'of an encoding',
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: ${MARKUP}\r\nContent-Length: 1\r\nContent-Type: application/json\r\n`,
      'x',
    ],
    ['of an id', `GET /echo/a HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${MARKUP}\r\n`, ''],
  ])('%s, as JSON that no browser takes for a page', async (_case, head, body) => {
    const received = await answersTo(urls[protocol], `${head}Connection: close\r\n\r\n${body}`);
    const [headers = '', content = ''] = received.split('\r\n\r\n');
    expect(headers).toMatch(/\r\ncontent-type: application\/(problem\+)?json/i);
    expect(headers).toMatch(/\r\nx-content-type-options: nosniff/i);
    expect(headers).not.toMatch(/[<>]/);
    expect(() => JSON.parse(content) as unknown).not.toThrow();
  });
});

test('no line of the log is more than one, whatever a client has chosen', async () => {
  const id = randomUUID();
  await answersTo(
    urls.http,
    `GET /a%0a%7b%22event%22:%22${id}%22%7d?b=%0a HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`,
  );
  expect(await lineOf(id)).toMatchObject({ route: 'unmatched', status: 404 });
  expect(service.lines.filter(({ event }) => event === id)).toEqual([]);
});

describe.each(PROTOCOLS)('a request, %s,', (protocol) => {
  test.each(REFUSED)('%s is refused', async (_case, line, headers, status, detail) => {
    const id = randomUUID();
    const received = await answersTo(urls[protocol], `${line}\r\n${headers}X-Request-Id: ${id}\r\n\r\n`);
    expect(problemIn(received, status)).toMatchObject({ detail, requestId: id });
    expect(received).toContain(`\r\nX-Request-Id: ${id}\r\n`);
    const [method] = line.split(' ');
    expect(await lineOf(id)).toMatchObject({ event: 'request', method, route: 'unmatched', status });
  });

  test.each(UPGRADES)('for a WebSocket %s is refused', async (_case, bytes, detail) => {
    expect(problemIn(await answersTo(urls[protocol], bytes('/')), 400)['detail']).toBe(detail);
  });

  test('of a version that nobody knows is a 400', async () => {
    problemIn(await answersTo(urls[protocol], `GET / HTTP/3.7\r\nHost: x\r\n\r\n`), 400);
  });

  test('that is refused is the last of its connection, and those before it are answered', async () => {
    const good = `GET /slow?ms=50 HTTP/1.1\r\nHost: x\r\n\r\n`;
    const bad = `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`;
    const received = await answersTo(urls[protocol], good + bad + good);
    expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test('of HTTP/1.0 is served, and needs no Host', async () => {
    expect(await answersTo(urls[protocol], 'GET /echo/a HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

test('an expectation that nobody can meet is a 417, counted and logged', async () => {
  const id = randomUUID();
  problemIn(
    await answersTo(urls.http, `PUT /x HTTP/1.1\r\nHost: x\r\nExpect: x\r\nX-Request-Id: ${id}\r\n\r\n`),
    417,
  );
  expect(await lineOf(id)).toMatchObject({ route: 'unmatched', status: 417 });
});

test('behind an answer that came before its body, a body that can not be read has no answer of its own', async () => {
  const received = await answersTo(
    urls.http,
    `PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n`,
  );
  expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 405']);
});

test('CONNECT is a 405 on the management port, and does nothing to it behind an answer that said close', async () => {
  const connect = 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n';
  expect(await answersTo(urls.management, connect)).toMatch(/^HTTP\/1\.1 405 [^]*\r\nAllow: GET, HEAD\r\n/);
  const both = `GET / HTTP/1.1\r\nHost: a b\r\n\r\n${connect}`;
  expect(await answersTo(urls.management, both)).toMatch(/^HTTP\/1\.1 400 /);
  expect((await get(`${urls.management}/livez`)).status).toBe(200);
});

test('requests that are refused are counted, each once, on a route that no client can choose', async () => {
  const count = async () => {
    const { body } = await get(`${urls.management}/metrics`);
    const series =
      /^http_server_request_duration_seconds_count\{http_request_method="PUT",http_route="unmatched",http_response_status_code="400"\} (\d+)$/m;
    return Number(series.exec(body)?.[1] ?? 0);
  };
  const before = await count();
  await answersTo(urls.http, 'PUT /any/path HTTP/1.1\r\n\r\n');
  expect(await count()).toBe(before + 1);
});

describe.each(['/', '/livez', '/metrics', '/nowhere'])('on the management port, %s', (path) => {
  test.each(REFUSED)('refuses a request %s', async (_case, line, headers, status, detail) => {
    const received = await answersTo(urls.management, `${line.replace('/ ', `${path} `)}\r\n${headers}\r\n`);
    const [head, body] = received.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/\r\nConnection: close(\r\n|$)/);
    expect(body).toBe(`${detail}\n`);
  });
});
