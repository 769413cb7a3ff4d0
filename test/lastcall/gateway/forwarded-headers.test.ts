import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { forwardedHeaders, returnedHeaders } from '../../../src/lastcall/gateway/forwarded-headers.ts';

/** A message with these headers, as Node's parser would have made it. */
function message(
  rawHeaders: [name: string, value: string][],
  { tls = false, peer = '192.0.2.7', httpVersion = '1.1' } = {},
): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  if (tls) Object.defineProperty(socket, 'encrypted', { value: true });
  const made = new IncomingMessage(socket);
  made.httpVersion = httpVersion;
  made.rawHeaders = rawHeaders.flat();
  for (const [name, value] of rawHeaders) {
    const lower = name.toLowerCase();
    const before = made.headers[lower];
    made.headers[lower] = before === undefined ? value : `${String(before)}, ${value}`;
  }
  return made;
}

const nobody = () => false;
const everybody = () => true;

const forward = (rawHeaders: [string, string][], trusted = nobody, options = {}) =>
  forwardedHeaders(message(rawHeaders, options), 'gateway', trusted);

const OWN = {
  'x-forwarded-for': '192.0.2.7',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': '',
  via: '1.1 gateway',
};

const HOP_BY_HOP: [string, string][] = [
  ['Connection', 'keep-alive'],
  ['Keep-Alive', 'timeout=5'],
  ['Proxy-Authenticate', 'Basic'],
  ['Proxy-Authorization', 'Basic eDp5'],
  ['Proxy-Connection', 'keep-alive'],
  ['TE', 'trailers'],
  ['Trailer', 'Expires'],
  ['Upgrade', 'h2c'],
];

describe('a request', () => {
  test('keeps its own headers, and gets the way that it came', () => {
    const headers = forward([
      ['Host', 'shop.example'],
      ['Accept', 'text/plain'],
      ['Authorization', 'Bearer x'],
      ['Traceparent', '00-1-2-01'],
    ]);

    expect(headers).toEqual({
      ...OWN,
      host: 'shop.example',
      accept: 'text/plain',
      authorization: 'Bearer x',
      traceparent: '00-1-2-01',
      'x-forwarded-host': 'shop.example',
    });
  });

  test.each([...HOP_BY_HOP, ['Expect', '100-continue']])('loses the header %s of this hop', (name, value) => {
    expect(forward([[name, value]])).toEqual(OWN);
  });

  test.each(['X-Secret', 'x-secret', 'close, X-Secret', 'close ,\tx-SECRET , x-other', ',,x-secret'])(
    'loses what its Connection names: %s',
    (connection) => {
      expect(
        forward([
          ['Connection', connection],
          ['X-Secret', '1'],
          ['X-Secret-Not', '2'],
        ]),
      ).toEqual({ ...OWN, 'x-secret-not': '2' });
    },
  );

  test.each(['Content-Length', 'Host'])(
    'never loses its %s to its Connection: without it, the target may read the body as a request',
    (name) => {
      const headers = forward([
        ['Connection', `close, ${name}`],
        [name, '5'],
      ]);

      expect(headers).toHaveProperty([name.toLowerCase()], '5');
    },
  );

  test.each(['chunked', 'gzip, chunked', 'Chunked'])('with the framing %s is chunked', (framing) => {
    expect(forward([['Transfer-Encoding', framing]])).toEqual({ ...OWN, 'transfer-encoding': 'chunked' });
    expect(
      forward([
        ['Connection', 'transfer-encoding'],
        ['Transfer-Encoding', framing],
      ]),
    ).toEqual({ ...OWN, 'transfer-encoding': 'chunked' });
  });

  describe('that makes claims about its way', () => {
    const CLAIMS: [string, string][] = [
      ['Host', 'inner.example'],
      ['Forwarded', 'for=203.0.113.9'],
      ['X-Forwarded-For', '203.0.113.9, 198.51.100.1'],
      ['X-Forwarded-Host', 'outer.example, middle.example'],
      ['X-Forwarded-Port', '444'],
      ['X-Forwarded-Proto', 'https,http'],
    ];

    test('loses them unless its peer is trusted', () => {
      expect(forward(CLAIMS)).toEqual({ ...OWN, host: 'inner.example', 'x-forwarded-host': 'inner.example' });
    });

    test('keeps them, with its peer behind, when that is trusted', () => {
      expect(forward(CLAIMS, everybody)).toEqual({
        host: 'inner.example',
        forwarded: 'for=203.0.113.9',
        'x-forwarded-for': '203.0.113.9, 198.51.100.1, 192.0.2.7',
        'x-forwarded-host': 'outer.example',
        'x-forwarded-port': '444',
        'x-forwarded-proto': 'https',
        via: '1.1 gateway',
      });
    });

    test('is trusted by the address of the connection, as the first hop', () => {
      const asked: unknown[] = [];
      forward([], (...args: unknown[]) => {
        asked.push(args);
        return true;
      });

      expect(asked).toEqual([['192.0.2.7', 0]]);
    });

    test('and makes none that can be read, gets those of this hop, trusted or not', () => {
      const headers = forward(
        [
          ['Host', 'h'],
          ['X-Forwarded-Proto', ' ,https'],
          ['X-Forwarded-Host', ''],
        ],
        everybody,
      );

      expect(headers).toMatchObject({ 'x-forwarded-proto': 'http', 'x-forwarded-host': 'h' });
      expect(headers['x-forwarded-for']).toBe('192.0.2.7');
    });
  });

  test('over TLS came by https', () => {
    expect(forward([], nobody, { tls: true })).toMatchObject({ 'x-forwarded-proto': 'https' });
    expect(forward([['X-Forwarded-Proto', 'http']], nobody, { tls: true })).toMatchObject({
      'x-forwarded-proto': 'https',
    });
  });

  test('has us as the last in Via, with the version that it came by', () => {
    expect(forward([['Via', '1.0 a, 2 b']], nobody, { httpVersion: '1.0' }).via).toBe(
      '1.0 a, 2 b, 1.0 gateway',
    );
  });

  test('carries the id that the log has, not the one that the client sent', () => {
    const req = message([['X-Request-Id', 'not\tgood']]);
    req.id = 'good';

    expect(forwardedHeaders(req, 'gateway', nobody)['x-request-id']).toBe('good');
  });

  test('stays as it came', () => {
    const req = message([['X-Forwarded-For', 'x'], ...HOP_BY_HOP]);
    const before = { ...req.headers };

    forwardedHeaders(req, 'gateway', nobody);

    expect(req.headers).toEqual(before);
  });
});

describe('an answer', () => {
  const back = (rawHeaders: [string, string][]) => returnedHeaders(message(rawHeaders), 'gateway').flat();

  test('keeps its headers in order, in their case, with all that are there twice', () => {
    expect(
      back([
        ['Set-Cookie', 'a=1'],
        ['Content-Type', 'text/plain'],
        ['set-cookie', 'b=2; Expires=Thu, 01 Jan 2032 00:00:00 GMT'],
        ['Content-Length', '3'],
        ['Link', '<x>'],
        ['Link', '<y>'],
      ]),
    ).toEqual(
      [
        ['Set-Cookie', 'a=1'],
        ['Content-Type', 'text/plain'],
        ['set-cookie', 'b=2; Expires=Thu, 01 Jan 2032 00:00:00 GMT'],
        ['Content-Length', '3'],
        ['Link', '<x>'],
        ['Link', '<y>'],
        ['Via', '1.1 gateway'],
      ].flat(),
    );
  });

  test.each([...HOP_BY_HOP, ['Transfer-Encoding', 'chunked']])(
    'loses the header %s of its hop',
    (name, value) => {
      expect(back([[name, value]])).toEqual(['Via', '1.1 gateway']);
    },
  );

  test('loses what its Connection names, over several lines', () => {
    expect(
      back([
        ['Connection', 'X-A'],
        ['x-a', '1'],
        ['X-B', '2'],
        ['X-C', '3'],
        ['Connection', 'close, x-B'],
      ]),
    ).toEqual(['X-C', '3', 'Via', '1.1 gateway']);
  });

  test('has us as the last in one Via', () => {
    expect(
      back([
        ['Via', '1.0 a'],
        ['X-A', '1'],
        ['via', '2 b'],
      ]),
    ).toEqual(['X-A', '1', 'Via', '1.0 a, 2 b, 1.1 gateway']);
  });

  test('does not bring a request id of its own: ours is set already', () => {
    expect(back([['X-Request-ID', 'theirs']])).toEqual(['Via', '1.1 gateway']);
  });
});
