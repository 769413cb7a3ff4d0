// Bytes that two parsers may read as different requests, and what has to be read in them.

import { RawClient } from '../harness/raw-client.ts';

/** No line of a log may have it. */
export const SECRET = 'do-not-write-this-down';

/** A request as a target behind the gateway gets it. */
export interface Seen {
  line: string;
  body: string;
}

const JSON_POST = 'POST @ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const GET = 'GET @ HTTP/1.1\r\nHost: x\r\n';
/** What a smuggler would like to be taken for a request, or for none. */
const NEXT = 'GET @/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const INNER = 'GET /inner HTTP/1.1\r\nHost: x\r\n\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const CHUNKS = '2\r\n[]\r\n0\r\n\r\n';

const line = (rest: string, method = 'GET') => `${method} @${rest} HTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`;
const header = (text: string) => `${GET}${text}\r\n\r\n${NEXT}`;
const sized = (length: string) => `${JSON_POST}Content-Length:${length}\r\n\r\n[]${NEXT}`;
const coded = (coding: string) => `${JSON_POST}${coding}\r\n\r\n${CHUNKS}${NEXT}`;
const chunks = (text: string) => `${JSON_POST}${CHUNKED}\r\n${text}${NEXT}`;

/** By name; `@` stands for a path. They are answered with a 4xx, or without an answer, and with the end of the connection. */
export const REFUSED_BYTES: Record<string, string> = {
  // Which of two lengths is it?
  'a length, then chunks': `${JSON_POST}Content-Length: 6\r\n${CHUNKED}\r\n0\r\n\r\nG`,
  'chunks, then a length': `${JSON_POST}${CHUNKED}Content-Length: 4\r\n\r\n${CHUNKS}${NEXT}`,
  'chunked twice': coded('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
  'chunked and identity': coded('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'),
  'chunked, identity': coded('Transfer-Encoding: chunked, identity'),
  'chunked, chunked': coded('Transfer-Encoding: chunked, chunked'),
  'gzip, chunked': coded('Transfer-Encoding: gzip, chunked'),
  'identity and a length': `${JSON_POST}Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
  'no coding and a length': `${JSON_POST}Transfer-Encoding:\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
  'no coding': coded('Transfer-Encoding:'),
  xchunked: coded('Transfer-Encoding: xchunked'),
  'a coding in quotes': coded('Transfer-Encoding: "chunked"'),
  'a coding with a parameter': coded('Transfer-Encoding: chunked;q=1'),
  'a coding behind a comma': coded('Transfer-Encoding: ,chunked'),
  'a coding behind a vertical tab': coded('Transfer-Encoding: \x0bchunked'),
  'a coding before a tab': coded('Transfer-Encoding: chunked\t'),
  'a coding on the next line': coded('Transfer-Encoding:\r\n chunked'),
  'a space before the colon of a coding': coded('Transfer-Encoding : chunked'),
  'chunks of HTTP/1.0': `POST @ HTTP/1.0\r\nConnection: keep-alive\r\n${CHUNKED}\r\n${CHUNKS}${NEXT}`,
  'two equal lengths': `${JSON_POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
  'two lengths': `${JSON_POST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]${NEXT}`,
  'a list of lengths': sized(' 2, 2'),
  'the length +2': sized(' +2'),
  'the length -2': sized(' -2'),
  'the length 0x2': sized(' 0x2'),
  'the length 2 2': sized(' 2 2'),
  'the length 2.0': sized(' 2.0'),
  'no length in its header': sized(''),
  'a length of 40 digits': sized(` ${'9'.repeat(40)}`),
  'a length of 2^64 + 2': sized(' 18446744073709551618'),
  'a length on the next line': sized('\r\n 2'),
  'a length and a NUL': sized(' 2\0'),
  'a space before the colon of a length': `${JSON_POST}Content-Length : 2\r\n\r\n[]${NEXT}`,
  // Where does a line end?
  'LF behind the request line': `GET @ HTTP/1.1\nHost: x\r\n\r\n${NEXT}`,
  'LF behind a header': header('X: y\nZ: z'),
  'LF before the body': `${GET}\n${NEXT}`,
  'LF alone everywhere': `GET @ HTTP/1.1\nHost: x\n\n${NEXT}`,
  'CR in a header': header('X: a\rY: b'),
  'CR behind the request line': `GET @ HTTP/1.1\rHost: x\r\n\r\n${NEXT}`,
  'a header on two lines': header('X: a\r\n b'),
  'a first header that begins with a space': `GET @ HTTP/1.1\r\n Host: x\r\nHost: y\r\n\r\n${NEXT}`,
  // Where does a chunk?
  'LF behind the size of a chunk': chunks('2\n[]\r\n0\r\n\r\n'),
  'LF behind a chunk': chunks('2\r\n[]\n0\r\n\r\n'),
  'LF behind the last chunk': chunks('2\r\n[]\r\n0\n\n'),
  'CR CR LF behind the size of a chunk': chunks('2\r\r\n[]\r\n0\r\n\r\n'),
  'nothing behind a chunk': chunks('2\r\n[]0\r\n\r\n'),
  'more than a chunk': chunks('2\r\n[]XX0\r\n\r\n'),
  'LF behind an extension': chunks('2;a\n[]\r\n0\r\n\r\n'),
  'CR in an extension': chunks('2;a\rb\r\n[]\r\n0\r\n\r\n'),
  'NUL in an extension': chunks('2;a=\0\r\n[]\r\n0\r\n\r\n'),
  'a line end in the quotes of an extension': chunks('2;a="\r\n[]\r\n0\r\n\r\n'),
  'an extension of 20 kB': chunks(`2;${'a'.repeat(20_000)}\r\n[]\r\n0\r\n\r\n`),
  'a chunk of 0x2': chunks('0x2\r\n[]\r\n0\r\n\r\n'),
  'a chunk of -2': chunks('-2\r\n[]\r\n0\r\n\r\n'),
  'a chunk of +2': chunks('+2\r\n[]\r\n0\r\n\r\n'),
  'a chunk of " 2"': chunks(' 2\r\n[]\r\n0\r\n\r\n'),
  'a chunk of "2 "': chunks('2 \r\n[]\r\n0\r\n\r\n'),
  'a chunk of nothing': chunks('\r\n[]\r\n0\r\n\r\n'),
  'a chunk of 2^64 + 2': chunks('10000000000000002\r\n[]\r\n0\r\n\r\n'),
  'a length in the trailer': chunks('2\r\n[]\r\n0\r\nContent-Length: 5\r\n\r\n'),
  'a coding in the trailer': chunks(`2\r\n[]\r\n0\r\n${CHUNKED}\r\n`),
  'a trailer of 40 kB': chunks(`2\r\n[]\r\n0\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`),
  'a trailer without end': chunks('2\r\n[]\r\n0\r\n'),
  // Is it a header?
  'NUL in a header': header('X: a\0b'),
  'NUL in a name': header('X\0: a'),
  'a control character in a header': header('X: a\x01b'),
  'DEL in a header': header('X: a\x7fb'),
  'a header without a colon': header('XY'),
  'a header without a name': header(': y'),
  'a space in a name': header('X Y: z'),
  'a parenthesis in a name': header('X(: z'),
  'UTF-8 in a name': header('\xc3\xa4: z'),
  '3,000 headers': header(Array.from({ length: 3000 }, (_each, nth) => `A${nth}: b`).join('\r\n')),
  // Is it a request line?
  'a URL of 60 kB': line(`/${'a'.repeat(60_000)}`),
  'a method of 70 kB': line('', 'G'.repeat(70_000)),
  'a method in lower case': line('', 'get'),
  'a method that nobody knows': line('', 'FOO'),
  'no method': line('', ''),
  'a space before the method': ` ${GET}\r\n${NEXT}`,
  'tabs for spaces': `GET\t@\tHTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`,
  'a space in the target': line('/a b'),
  'NUL in the target': line('/a\0b'),
  'a control character in the target': line('/a\x01b'),
  'UTF-8 in the target': line('/\xc3\xa4'),
  'a target without a slash': `GET x HTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`,
  'HTTP/1.2': `GET @ HTTP/1.2\r\nHost: x\r\n\r\n${NEXT}`,
  'HTTP/1.10': `GET @ HTTP/1.10\r\nHost: x\r\n\r\n${NEXT}`,
  'HTTP/01.1': `GET @ HTTP/01.1\r\nHost: x\r\n\r\n${NEXT}`,
  'http/1.1': `GET @ http/1.1\r\nHost: x\r\n\r\n${NEXT}`,
  'a space behind the version': `GET @ HTTP/1.1 \r\nHost: x\r\n\r\n${NEXT}`,
  'no version': 'GET @\r\n\r\n',
  // Is it HTTP?
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  'the preface of a proxy': `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${GET}\r\n`,
  'a TLS handshake': `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${'\0'.repeat(100)}`,
  SSH: 'SSH-2.0-OpenSSH_9.2\r\n',
  'an answer': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  bytes: '\0\x01\x02\xff\xfe',
};

const post = (body = '[]'): Seen => ({ line: 'POST @ HTTP/1.1', body });
const get = (rest = '', body = ''): Seen => ({ line: `GET @${rest} HTTP/1.1`, body });

/** By name: what is odd and allowed, or is put right, and the requests that it is. The last one says close. */
export const SERVED_BYTES: Record<string, [bytes: string, requests: Seen[]]> = {
  'a coding in mixed case': [coded('Transfer-Encoding: cHuNkEd'), [post(), get('/next')]],
  'a coding behind a tab': [coded('Transfer-Encoding:\tchunked'), [post(), get('/next')]],
  'the length 02': [sized(' 02'), [post(), get('/next')]],
  'a GET with a length': [`${GET}Content-Length: 2\r\n\r\n[]${NEXT}`, [get('', '[]'), get('/next')]],
  'a GET with chunks': [`${GET}${CHUNKED}\r\n${CHUNKS}${NEXT}`, [get('', '[]'), get('/next')]],
  'a request in the body of another': [
    `${GET}Content-Length: ${INNER.length}\r\n\r\n${INNER}${NEXT}`,
    [get('', INNER), get('/next')],
  ],
  'a length that Connection takes away': [
    `${JSON_POST}Connection: content-length\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
    [post(), get('/next')],
  ],
  'a coding that Connection takes away': [
    coded('Connection: transfer-encoding\r\nTransfer-Encoding: chunked'),
    [post(), get('/next')],
  ],
  'a length behind 1,001 headers': [
    `${JSON_POST}${'A:\r\n'.repeat(1001)}Content-Length: 2\r\n\r\n[]${NEXT}`,
    [post(), get('/next')],
  ],
  'a coding behind 1,001 headers': [
    `${JSON_POST}${'A:\r\n'.repeat(1001)}${CHUNKED}\r\n${CHUNKS}${NEXT}`,
    [post(), get('/next')],
  ],
  'an underscore in a coding': [
    `${JSON_POST}Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
    [post(), get('/next')],
  ],
  'extensions of chunks': [chunks('2;a="b"\r\n[]\r\n0;c\r\n\r\n'), [post(), get('/next')]],
  'the size of a chunk behind 5,000 zeros': [
    chunks(`${'0'.repeat(5000)}2\r\n[]\r\n0\r\n\r\n`),
    [post(), get('/next')],
  ],
  'a Host in the trailer': [chunks('2\r\n[]\r\n0\r\nHost: y\r\n\r\n'), [post(), get('/next')]],
  'empty lines before a request': [`\r\n\r\n${GET}\r\n${NEXT}`, [get(), get('/next')]],
  'two spaces in the request line': [`GET  @  HTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`, [get(), get('/next')]],
  'a URL of 15 kB': [line(`/${'a'.repeat(15_000)}`), [get(`/${'a'.repeat(15_000)}`), get('/next')]],
  'escapes that are none': [line('/%zz%e4%b8%00'), [get('/%zz%e4%b8%00'), get('/next')]],
  'a line end in escapes': [line('/a%0d%0aX:%20y'), [get('/a%0d%0aX:%20y'), get('/next')]],
  'what has to be escaped and is not': [line('/a"<>\\^`{|}[]'), [get('/a"<>\\^`{|}[]'), get('/next')]],
  'UTF-8 in a header': [header('X: \xc3\xa4'), [get(), get('/next')]],
  'an absolute line, with another host': [
    `GET http://other.example:81@/x?y HTTP/1.1\r\nHost: x\r\n\r\n${NEXT}`,
    [get('/x?y'), get('/next')],
  ],
  'no Host in HTTP/1.0': ['GET @ HTTP/1.0\r\n\r\n', [get()]],
  'an empty Host': [`GET @ HTTP/1.1\r\nHost:\r\n\r\n${NEXT}`, [get(), get('/next')]],
  'a 100 that nobody needs': [header('Expect: 100-continue'), [get(), get('/next')]],
  'a 100 that nobody waits for': [
    `${JSON_POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n[]${NEXT}`,
    [post(), get('/next')],
  ],
  'a method of WebDAV': [line('', 'PROPFIND'), [{ line: 'PROPFIND @ HTTP/1.1', body: '' }, get('/next')]],
};

/** The statuses of all answers on a connection that gets these bytes, with those of 1xx, and how it has ended. */
async function talk(url: string, bytes: string): Promise<string> {
  const client = new RawClient(url);
  const told = bytes.replace('Host: x\r\n', `Host: x\r\nAuthorization: ${SECRET}\r\n`);
  client.socket.write(told, 'latin1');
  const how = await client.ended;
  const statuses = client.heads().map((head) => head.split(' ', 2)[1]);
  const last = client.heads().at(-1) ?? '';
  return [...statuses, /\r\nconnection: close/i.test(last) ? 'close' : 'keep-alive', how].join(' ');
}

/** What came of each of the table, a few at once; `paths` says where they go. */
export async function talkOfAll(
  url: string,
  table: Record<string, string>,
  place: (bytes: string, nth: number) => string,
): Promise<Record<string, string>> {
  const heard: Record<string, string> = {};
  const left = Object.entries(table).entries();
  const worker = async () => {
    for (const [nth, [name, bytes]] of left) heard[name] = await talk(url, place(bytes, nth));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return heard;
}
