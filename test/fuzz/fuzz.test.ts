import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { answersIn } from './answers.ts';
import { fuzz } from './campaign.ts';

const SECONDS = 60;
/** The same each time, so that a pipeline fails for what has changed; `npm run fuzz` takes another one each time. */
const SEED = 918330256;
const LENIENT = fileURLToPath(new URL('lenient.mjs', import.meta.url));

test(
  `${SECONDS} s of what clients might send are answered as HTTP says`,
  async () => {
    const { seed, conversations, findings } = await fuzz({ seconds: SECONDS, seed: SEED });
    process.stderr.write(`fuzzed: seed ${seed}, ${conversations} conversations\n`);
    expect(findings).toEqual([]);
  },
  (SECONDS + 60) * 1000,
);

test('a parser that puts up with more is found out, with the least that shows it', async () => {
  const { findings } = await fuzz({ seconds: 60, preloads: [LENIENT] });
  expect(findings[0]).toMatch(/Counterexample/);
  expect(/"bytes":"((?:[^"\\]|\\.)*)"/.exec(findings[0] ?? '')?.[1]?.length).toBeLessThan(1000);
}, 120_000);

test.each([
  [
    'whole answers',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n',
    [200, 204],
  ],
  ['an answer in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', [200]],
  ['1xx before one', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', [200]],
  ['a body that is too short', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', 'half an answer'],
  [
    '1xx inside of one',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nok',
    'no answer',
  ],
])('what a campaign reads: %s', (_case, received, read) => {
  expect(answersIn(received, ['GET', 'GET'])).toEqual(read);
});
