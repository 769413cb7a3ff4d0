import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { PROTOCOLS, startOnEveryPort } from '../support/states.ts';

/** What somebody sets for a client of theirs. */
const LENIENT = '--insecure-http-parser --max-http-header-size=1000000';

/** What Node answers with those flags, and what it should be. */
const LOOSE: [name: string, headers: string, status: string][] = [
  ['a length beside chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'HTTP/1.1 400 '],
  ['a control character in a header', 'X-Name: a\u0001b\r\n', 'HTTP/1.1 400 '],
  ['60 kB of headers', `X-Name: ${'x'.repeat(60_000)}\r\n`, 'HTTP/1.1 431 '],
];

test('what the flags of a lenient Node let through is refused by every listener', async () => {
  const { urls } = await startOnEveryPort({ NODE_OPTIONS: LENIENT });
  for (const listener of [...PROTOCOLS, 'management'] as const) {
    for (const [name, headers, status] of LOOSE) {
      const client = new RawClient(urls[listener]);
      client.socket.write(
        `GET / HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n0\r\n\r\n`,
      );
      await client.ended;
      expect({ listener, name, answer: client.received.slice(0, status.length) }).toEqual({
        listener,
        name,
        answer: status,
      });
    }
  }
  expect((await get(`${urls.http}/`)).status).toBe(200);
});
