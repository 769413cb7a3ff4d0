// What clients should not send, and how it is answered.
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { RawClient } from '../harness/raw-client.ts';

/** Of `BODY_LIMIT`, unless it is set. */
export const LIMIT = 100 * 1024;
/** JSON that is parsed without recursion, and not written without. */
export const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

/** The head of a request with a JSON body, and what is sent of that. */
export const post = (path: string, id: string, headers: string, body = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: ${id}\r\n${headers}\r\n${body}`;

const BOMB = Buffer.alloc(50 * 1024 * 1024, ' ');
/** A member that must not become a property of all objects, nor of the answer's. */
const PROTO = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

/** JSON bodies: name, body, its headers, and how `jsonBody` and a handler that sends it back answer. */
export const BODIES: [
  name: string,
  body: string | Buffer,
  headers: string,
  status: number,
  answer: string,
][] = [
  ['that is cut off', '{"a":', '', 400, 'Unexpected end of JSON input'],
  ['with something behind it', '{} x', '', 400, 'JSON'],
  ['that is two', '{}{}', '', 400, 'JSON'],
  ['that is HTML', '<script>', '', 400, 'JSON'],
  ['with a NUL in a string', '{"a":"\0"}', '', 400, 'JSON'],
  ['with a key twice', '{"a":1,"a":2}', '', 200, '{"a":2}'],
  ['with __proto__', PROTO, '', 200, PROTO],
  ['with half a surrogate', '["\\ud800"]', '', 200, '["\\ud800"]'],
  ['with numbers that are none here', '[1e999,-1e999]', '', 200, '[null,null]'],
  ['with bytes that are no UTF-8', Buffer.from('["\xff"]', 'latin1'), '', 200, '["\ufffd"]'],
  ['behind a byte order mark', '\ufeff[]', '', 200, '[]'],
  [
    'as UTF-16',
    Buffer.from('\ufeff[]', 'utf16le'),
    'Content-Type: application/json; charset=utf-16',
    200,
    '[]',
  ],
  ['as Latin-1', '[]', 'Content-Type: application/json; charset=latin1', 415, 'LATIN1'],
  ['in a charset that nobody knows', '[]', 'Content-Type: application/json; charset=x', 415, 'X'],
  ['in gzip', gzipSync('[1]'), 'Content-Encoding: gzip', 200, '[1]'],
  [
    'in gzip, in two members',
    Buffer.concat([gzipSync('['), gzipSync('1]')]),
    'Content-Encoding: gzip',
    200,
    '[1]',
  ],
  ['in no gzip', '[1]', 'Content-Encoding: gzip', 400, 'incorrect header check'],
  [
    'in gzip that is cut off',
    gzipSync(`[${'1,'.repeat(99)}1]`).subarray(0, 25),
    'Content-Encoding: gzip',
    400,
    'end of file',
  ],
  [
    'in gzip with something behind it',
    Buffer.concat([gzipSync('[1]'), Buffer.from('x'.repeat(20))]),
    'Content-Encoding: gzip',
    400,
    'header',
  ],
  ['in gzip in gzip', gzipSync(gzipSync('[1]')), 'Content-Encoding: gzip, gzip', 415, 'gzip, gzip'],
  ['in an encoding that nobody knows', '[1]', 'Content-Encoding: x', 415, 'x'],
  [
    'that unpacks to 50 MB, of gzip',
    gzipSync(BOMB),
    'Content-Encoding: gzip',
    413,
    `larger than ${LIMIT} bytes`,
  ],
  [
    'that unpacks to 50 MB, of brotli',
    brotliCompressSync(BOMB),
    'Content-Encoding: br',
    413,
    `larger than ${LIMIT} bytes`,
  ],
  [
    'that unpacks to 50 MB, of deflate',
    deflateSync(BOMB),
    'Content-Encoding: deflate',
    413,
    `larger than ${LIMIT} bytes`,
  ],
];

/** What comes back for one of them, of a server that reads JSON at a path. */
export async function answerTo(
  url: string,
  path: string,
  body: string | Buffer,
  headers: string,
): Promise<string> {
  const own = headers === '' ? '' : `${headers}\r\n`;
  const type = headers.startsWith('Content-Type') ? '' : 'Content-Type: application/json\r\n';
  const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${type}${own}${length}\r\n`;
  return Buffer.from(await answersTo(url, head, body), 'latin1').toString();
}

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
  ...['gzip, chunked', ',chunked', 'identity'].map((coding): Refused => [
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
