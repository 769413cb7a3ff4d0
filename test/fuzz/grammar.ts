// What a client may send on one connection: HTTP as it is written, with mistakes that are known, and bytes that are not.
import * as fc from 'fast-check';

export interface Conversation {
  listener: string;
  /** One character each, as `latin1` has them; `@` stands for a path of its own below that of the gateway. */
  bytes: string;
  /** Where one packet ends and the next begins, as parts of the whole. */
  cuts: number[];
}

/** One of these, the first by far the most often. */
const mostly = <T>(usual: fc.Arbitrary<T>, ...others: fc.Arbitrary<T>[]) =>
  fc.oneof({ arbitrary: usual, weight: 20 }, ...others.map((arbitrary) => ({ arbitrary, weight: 1 })));
const oneOf = (...values: string[]) => fc.constantFrom(...values);
const latin1 = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));

const end = mostly(oneOf('\r\n'), oneOf('\n', '\r', '\r\r\n', '', ' \r\n', '\0\r\n'));
const method = mostly(
  oneOf('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
  oneOf('TRACE', 'CONNECT', 'PRI', 'PROPFIND', 'QUERY', 'SOURCE', 'get', 'G ET', ''),
  latin1(10),
);
const target = mostly(
  oneOf('@', '@x?y=z', '@x/%2f', '/echo', '/echo/x', '/', '/livez', '/metrics', '/nowhere'),
  oneOf('*', 'http://a@', 'https://a:1@?b', 'http://[::1]@', 'http://u@a@', 'http:///', 'ftp://a@', 'a:80'),
  oneOf('@../x', '@..;/x', '@%2e%2e/x', '@#x', '//a@', '@%zz', '@x y', '@\xe4', '?', '#', '..'),
  latin1(30).map((text) => `/${text}`),
);
const version = mostly(
  oneOf('HTTP/1.1'),
  oneOf('HTTP/1.0', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1', ''),
);
const host = mostly(
  oneOf('x'),
  oneOf('', 'x:80', '[::1]:80', 'a b', 'u@a', 'a/b', '<x>', 'a%41', 'a%4'),
  latin1(8),
);
const header = fc.oneof(
  oneOf(
    'Content-Length: 2',
    'Content-Length: 0',
    'Content-Length: +1',
    'Content-Length: 2, 2',
    'Content-Length:',
  ),
  oneOf(
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding:',
    'TE: trailers',
  ),
  oneOf(
    'Transfer-Encoding: identity',
    'Transfer-Encoding : chunked',
    'Transfer_Encoding: chunked',
    'Trailer: X',
  ),
  oneOf(
    'Connection: close',
    'Connection: keep-alive',
    'Connection: content-length',
    'Connection: transfer-encoding',
  ),
  oneOf('Connection: upgrade\r\nUpgrade: websocket', 'Connection: upgrade\r\nUpgrade: h2c', 'Upgrade: x'),
  oneOf('Expect: 100-continue', 'Expect: 100-continue, x', 'Expect: x', 'Host: y', 'X-Forwarded-Host: y'),
  oneOf(
    'Content-Type: application/json',
    'Content-Type: text/plain',
    'Content-Type: application/json; charset=utf-7',
  ),
  oneOf(
    'Content-Encoding: gzip',
    'Content-Encoding: br',
    'Content-Encoding: x',
    'Content_Length: 9',
    'Via: a',
  ),
  oneOf('X-Request-Id: a', 'X-Request-Id: a\r\n b', 'traceparent: 00-x', 'X-Forwarded-For: y', 'Cookie: a=b'),
  fc.integer({ min: 1, max: 1100 }).map((count) => 'A:\r\n'.repeat(count) + 'A:'),
  fc.tuple(latin1(8), latin1(20)).map(([name, value]) => `${name}: ${value}`),
);
const json = mostly(
  oneOf('[]', '{"a":[1,null,"\\u0000"]}', '{"__proto__":{"a":1}}'),
  fc.json(),
  oneOf('', '{', '[1]x', '"', '\xff', '['.repeat(500)),
  latin1(60),
);
const extension = mostly(
  oneOf(''),
  oneOf(';a', ';a=b', ';a="b"', ';', ';a="', ' ', ';\n', `;${'a'.repeat(20_000)}`),
);
const chunk = fc
  .tuple(json, mostly(fc.constant(0), fc.integer({ min: -3, max: 3 })), extension, end, end)
  .map(([data, wrong, ext, behindSize, behind]) =>
    data === '' ? '' : `${Math.max(0, data.length + wrong).toString(16)}${ext}${behindSize}${data}${behind}`,
  );
const trailer = mostly(
  oneOf(''),
  oneOf('X: y\r\n', 'Content-Length: 1\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: z\r\n'),
);

/** Headers that say where it ends, and the body. */
const framed = fc.oneof(
  fc.constant({ headers: [] as string[], body: '' }),
  fc
    .tuple(json, mostly(fc.constant(0), fc.integer({ min: -3, max: 200_000 })))
    .map(([body, wrong]) => ({ headers: [`Content-Length: ${body.length + wrong}`], body })),
  fc
    .tuple(
      fc.array(chunk, { maxLength: 4 }),
      mostly(oneOf('0'), oneOf('', '00', '0;a', '-0', 'g')),
      end,
      trailer,
      end,
    )
    .map(([chunks, last, behindLast, fields, behind]) => ({
      headers: ['Transfer-Encoding: chunked'],
      body: `${chunks.join('')}${last}${behindLast}${fields}${behind}`,
    })),
);
const space = mostly(oneOf(' '), oneOf('  ', '\t', ''));
const request = fc
  .record({
    before: mostly(oneOf(''), oneOf('\r\n', '\n', ' ', '\r\n\r\n')),
    line: fc.tuple(method, space, target, space, version, end).map((parts) => parts.join('')),
    host: mostly(
      host.map((name) => [`Host: ${name}`]),
      fc.constant([] as string[]),
    ),
    headers: fc.array(header, { maxLength: 5 }),
    ends: fc.array(end, { minLength: 3, maxLength: 3 }),
    json: fc.boolean(),
    framed,
  })
  .map(({ before, line, host: hosts, headers, ends, json: isJson, framed: { headers: framing, body } }) => {
    const all = [...hosts, ...(isJson ? ['Content-Type: application/json'] : []), ...headers, ...framing];
    const lines = all.map((each, nth) => `${each}${ends[nth] ?? '\r\n'}`);
    return `${before}${line}${lines.join('')}\r\n${body}`;
  });

/** A change of some bytes, at a place that is a part of the whole. */
type Mutation = (bytes: string) => string;
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  'f',
  '\xff',
  '\r\n\r\n',
  'HTTP/1.1',
  'GET / HTTP/1.1\r\n',
];
const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    kind: oneOf('insert', 'delete', 'replace', 'repeat'),
    at: fc.integer({ min: 0, max: 999 }),
    length: fc.integer({ min: 1, max: 12 }),
    piece: fc.oneof(oneOf(...PIECES), latin1(4)),
  })
  .map(({ kind, at, length, piece }) => (bytes) => {
    const from = Math.floor((bytes.length * at) / 1000);
    const [before, part, behind] = [
      bytes.slice(0, from),
      bytes.slice(from, from + length),
      bytes.slice(from + length),
    ];
    if (kind === 'insert') return before + piece + part + behind;
    if (kind === 'delete') return before + behind;
    return before + (kind === 'replace' ? piece : part + part) + behind;
  });

export const conversationWith = (listeners: string[]): fc.Arbitrary<Conversation> =>
  fc
    .record({
      listener: oneOf(...listeners),
      requests: fc.array(request, { minLength: 1, maxLength: 4 }),
      mutations: fc.oneof(fc.constant([] as Mutation[]), fc.array(mutation, { maxLength: 5 })),
      cuts: fc.oneof(
        fc.constant([] as number[]),
        fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 5 }),
      ),
    })
    .map(({ listener, requests, mutations, cuts }) => ({
      listener,
      bytes: mutations.reduce((bytes, mutate) => mutate(bytes), requests.join('')),
      cuts: cuts.toSorted((a, b) => a - b),
    }));
