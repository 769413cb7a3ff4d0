// What clients should not send, and how it is answered.
import { expect } from '@jest/globals';
import { RawClient } from '../harness/raw-client.ts';

/** Of `BODY_LIMIT`, unless it is set. */
export const LIMIT = 100 * 1024;
/** JSON that is parsed without recursion, and not written without. */
export const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

/** The head of a request with a JSON body, and what is sent of that. */
export const post = (path: string, id: string, headers: string, body = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: ${id}\r\n${headers}\r\n${body}`;

const VERSION = 'only HTTP/1.1 and HTTP/1.0 are spoken here';
const TWO_HOSTS = 'the request has more than one Host header';
const NO_HOST = 'the request has no Host header';
const BAD_HOST = 'the Host header is no host';
const OTHER_CODING = 'no Transfer-Encoding but chunked, once and of HTTP/1.1, is understood here';
const BAD_TARGET = 'the target of the request is no path and no http URL';
/** More than Node keeps unless it is told to. */
const MANY = 'A:\r\n'.repeat(1001);

type Refused = [name: string, line: string, headers: string, status: number, detail: string];

/** Requests that Node's parser takes: name, line, headers, and the answer. */
export const REFUSED: Refused[] = [
  ['of HTTP/0.9', 'GET / HTTP/0.9', 'Host: x\r\n', 400, VERSION],
  ['of HTTP/2.0', 'GET / HTTP/2.0', 'Host: x\r\n', 400, VERSION],
  ['with two Hosts', 'GET / HTTP/1.1', 'Host: a\r\nHost: b\r\n', 400, TWO_HOSTS],
  ['with the same Host twice', 'GET / HTTP/1.1', 'Host: a\r\nX: y\r\nhOST: a\r\n', 400, TWO_HOSTS],
  ['with an absolute line and two Hosts', 'GET http://c/ HTTP/1.1', 'Host: c\r\nHost: c\r\n', 400, TWO_HOSTS],
  ['of HTTP/1.0 with two Hosts', 'GET / HTTP/1.0', 'Host: a\r\nHost: b\r\n', 400, TWO_HOSTS],
  ['without a Host', 'GET / HTTP/1.1', '', 400, NO_HOST],
  ['with a body and no Host', 'POST / HTTP/1.1', 'Content-Length: 9\r\n', 400, NO_HOST],
  [
    'with a second Host behind 1,001 headers',
    'GET / HTTP/1.1',
    `Host: a\r\n${MANY}Host: b\r\n`,
    400,
    TWO_HOSTS,
  ],
  ...['a b', 'a, b', 'a/b', 'user@a', 'a:b', '<script>', '\u00e4', '[::1', 'a%4'].map((host): Refused => [
    `with the Host ${host}`,
    'GET / HTTP/1.1',
    `Host: ${host}\r\n`,
    400,
    BAD_HOST,
  ]),
  ...['gzip, chunked', ',chunked', '', 'identity'].map((coding): Refused => [
    `with the Transfer-Encoding ${JSON.stringify(coding)}`,
    'GET / HTTP/1.1',
    `Host: x\r\nTransfer-Encoding: ${coding}\r\n`,
    400,
    OTHER_CODING,
  ]),
  [
    'of HTTP/1.0 with a Transfer-Encoding',
    'GET / HTTP/1.0',
    'Host: x\r\nTransfer-Encoding: chunked\r\n',
    400,
    OTHER_CODING,
  ],
  ...['http:///x/', 'http://user@x/', 'http://x:y/', 'http://[::1/', 'ftp://x/', '/x#/'].map(
    (target): Refused => [`for ${target}`, `GET ${target} HTTP/1.1`, 'Host: x\r\n', 400, BAD_TARGET],
  ),
];

const WEBSOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

/** Upgrades that are 400: name, what is sent for a path, and the detail. */
export const UPGRADES: [name: string, bytes: (path: string) => string, detail: string][] = [
  ['with two Hosts', (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n${WEBSOCKET}\r\n`, TWO_HOSTS],
  ['without a Host', (path) => `GET ${path} HTTP/1.1\r\n${WEBSOCKET}\r\n`, NO_HOST],
];

/** What comes back until the other side ends the connection, which it must do without a reset. */
export async function answersTo(url: string, ...bytes: (string | Buffer)[]): Promise<string> {
  const client = new RawClient(url);
  for (const part of bytes) client.socket.write(part);
  expect(await client.ended).toBe('end');
  return client.received;
}

/** The one answer is a problem that says close; returns its members. */
export function problemIn(received: string, status: number): Record<string, unknown> {
  const [head = '', body = ''] = received.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
  expect(head).toMatch(/\r\nContent-Type: application\/problem\+json(\r\n|$)/i);
  expect(received.match(/HTTP\/1\.1 \d{3} /g)).toHaveLength(1);
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toMatchObject({ type: 'about:blank', status, detail: expect.any(String) });
  return problem;
}
