import { beforeAll, expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { endsWell } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { REFUSED_BYTES, SECRET, SERVED_BYTES, talkOfAll } from '../support/smuggling.ts';
import { type Protocol, PROTOCOLS, startOnEveryPort } from '../support/states.ts';

type Listener = Protocol | 'management';

const ROUTES = ['/echo', '/echo/*path', '/', 'unmatched'];

let urls: Record<Listener, string>;

beforeAll(async () => {
  const { service, ...started } = await startOnEveryPort({ LOG_LEVEL: 'info' });
  ({ urls } = started);
  own(async () => isWellToTheEnd(service));
});

/** Every request is accounted for, none under a name that its client has chosen, and nothing in the log is its secret. */
async function isWellToTheEnd(service: ServiceProcess): Promise<void> {
  const { body } = await get(`${urls.management}/metrics`);
  const routes = [...body.matchAll(/http_route="([^"]*)"/g)].map(([, route]) => route);
  expect(ROUTES).toEqual(expect.arrayContaining(routes));
  await endsWell(service, ['aborted', 'broken', 'cut']);
  const { stdout, stderr } = await service.ended;
  expect(stdout + stderr).not.toContain(SECRET);
}

const toOwn = (bytes: string) => bytes.replace('POST @', 'POST /echo').replaceAll('@', '/echo/x');
const SERVED = Object.fromEntries(Object.entries(SERVED_BYTES).map(([name, [bytes]]) => [name, bytes]));
const all = (table: object, outcome: unknown) =>
  Object.fromEntries(Object.keys(table).map((name) => [name, outcome]));

describe.each<Listener>([...PROTOCOLS, 'management'])('what can be read in two ways, %s,', (listener) => {
  test('is refused, with the end of the connection', async () => {
    const place = listener === 'management' ? (bytes: string) => bytes.replaceAll('@', '/livez') : toOwn;
    const heard = await talkOfAll(urls[listener], REFUSED_BYTES, place);
    // The management port answers before it reads a body: of a POST it says what a POST is there. Nor does it read on.
    const refusal =
      listener === 'management'
        ? /^(405 )?(4\d\d close|405 keep-alive) (end|ECONNRESET|EPIPE)$/
        : /^4(00|13|31) close end$/;
    expect(heard).toEqual(all(REFUSED_BYTES, expect.stringMatching(refusal)));
  });

  test('and is odd and allowed, is answered, each request once', async () => {
    const place = listener === 'management' ? (bytes: string) => bytes.replaceAll('@', '/livez') : toOwn;
    const heard = await talkOfAll(urls[listener], SERVED, place);
    const expected = Object.entries(SERVED_BYTES).map(([name, [, requests]]) => [
      name,
      expect.stringMatching(new RegExp(`^(100 )?([24]\\d\\d ){${requests.length}}close end$`)),
    ]);
    expect(heard).toEqual(Object.fromEntries(expected));
  });
});
