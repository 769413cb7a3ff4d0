import { beforeAll, expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { RawClient } from '../harness/raw-client.ts';
import { endsWell } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { answersTo, problemIn } from '../support/hostile.ts';
import { rawTarget } from '../support/raw-target.ts';
import { REFUSED_BYTES, SECRET, SERVED_BYTES, talkOfAll } from '../support/smuggling.ts';
import { type StrictTarget, strictTarget } from '../support/strict-target.ts';

let target: StrictTarget;
let url: string;

beforeAll(async () => {
  target = await strictTarget();
  own(target.close);
  const service = startService({ GATEWAY_TARGETS: `/up=${target.url}`, LOG_LEVEL: 'info' });
  own(async () => isWellToTheEnd(service));
  url = await service.url;
});

/** Every request is accounted for, and nothing in the log is the secret of its client. */
async function isWellToTheEnd(service: ServiceProcess): Promise<void> {
  await endsWell(service, ['aborted', 'broken', 'cut']);
  const { stdout, stderr } = await service.ended;
  expect(stdout + stderr).not.toContain(SECRET);
}

describe('what can be read in two ways, through the gateway,', () => {
  test('does not reach the target as a request', async () => {
    const place = (bytes: string, nth: number) => bytes.replaceAll('@', `/up/refused/${nth}`);
    const heard = await talkOfAll(url, REFUSED_BYTES, place);
    const names = Object.keys(REFUSED_BYTES);
    expect(heard).toEqual(
      Object.fromEntries(names.map((name) => [name, expect.stringMatching(/^4(00|13|31) close end$/)])),
    );
    expect(target.requests.filter(({ target: path }) => path.startsWith('/up/refused/'))).toEqual([]);
    expect(target.errors).toEqual([]);
  });

  test('and is odd and allowed, is the same requests to both', async () => {
    const table = Object.fromEntries(Object.entries(SERVED_BYTES).map(([name, [bytes]]) => [name, bytes]));
    const heard = await talkOfAll(url, table, (bytes, nth) => bytes.replaceAll('@', `/up/served/${nth}`));
    const seen: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const [nth, [name, [, requests]]] of Object.entries(SERVED_BYTES).entries()) {
      const prefix = `/up/served/${nth}`;
      const lines = target.requests
        .filter(({ target: path }) => path === prefix || path.startsWith(`${prefix}/`))
        .map(({ method, target: path, body }) => `${method} ${path} HTTP/1.1\n${body}`);
      seen[name] = [heard[name], ...lines.toSorted()]; // two that are pipelined may reach the target in any order
      expected[name] = [
        expect.stringMatching(new RegExp(`^(100 )?(200 ){${requests.length}}close end$`)),
        ...requests.map(({ line, body }) => `${line.replace('@', prefix)}\n${body}`).toSorted(),
      ];
    }
    expect(seen).toEqual(expected);
    expect(target.errors).toEqual([]);
  });

  test('is said to be wrong by a target that could not read it', async () => {
    const { url: strict, errors, close } = await strictTarget();
    own(close);
    const client = new RawClient(strict);
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n');
    await client.ended;
    expect(errors).toHaveLength(1);
  });
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
const COUNTS = 'Content-Length: 4\r\n\r\nevil';

test.each([
  ['another answer', 'GET', `${OK}${EVIL}`],
  ['bytes', 'GET', `${OK}evil`],
  ['a body where HEAD has none', 'HEAD', `HTTP/1.1 200 OK\r\n${COUNTS}`],
  ['a body where 204 has none', 'GET', `HTTP/1.1 204 No Content\r\n${COUNTS}`],
  ['a body where 304 has none', 'GET', `HTTP/1.1 304 Not Modified\r\n${COUNTS}`],
  ['another answer behind 204', 'GET', `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`],
])('behind the answer of a target, %s is no answer to anybody', async (_case, method, answer) => {
  const raw = await rawTarget((request) => (request.includes('/next ') ? OK : answer));
  const service = startService({ GATEWAY_TARGETS: `/up=${raw.url}` });
  const [first, next] = [new RawClient(await service.url), new RawClient(await service.url)];
  first.socket.write(`${method} /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await first.ended;
  expect(first.received).toMatch(/^HTTP\/1\.1 (200|204|304) /);
  next.socket.write('GET /up/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await next.ended;
  expect(next.received).toMatch(/\r\n\r\nok$/);
  expect(first.received + next.received).not.toContain('evil');
});

test.each(['RTSP/1.0', 'ICE/1.0', 'HTTP/2.0'])('an answer of %s is a 502', async (version) => {
  const raw = await rawTarget(() => OK.replace('HTTP/1.1', version));
  const service = startService({ GATEWAY_TARGETS: `/up=${raw.url}` });
  problemIn(
    await answersTo(await service.url, 'GET /up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    502,
  );
});
