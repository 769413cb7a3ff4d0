import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startService } from '../harness/service.ts';
import { startBalancer } from '../support/balancer.ts';
import { load } from '../support/load.ts';

/** Of a planted server: the requests before it are load.mjs finding out that somebody answers, and some more. */
const NTH = 40;

const servers = new Set<Server>();
afterEach(() => {
  for (const server of servers) server.close();
  servers.clear();
});

async function verdictOf(url: string, args: string[] = []) {
  return load(url, ['--rate', '200', '--seconds', '0.8', ...args]).verdict();
}

type Fault = (req: IncomingMessage, res: ServerResponse) => void;

/** Answers as the service does, but for one request: the nth, if nothing else is said. */
async function plant(
  fault: Fault,
  isIt: (req: IncomingMessage, nth: number) => boolean = (_req, nth) => nth === NTH,
): Promise<string> {
  let requests = 0;
  let done = false;
  return listen(
    createServer((req, res) => {
      if (!done && isIt(req, ++requests)) {
        done = true;
        return fault(req, res);
      }
      answer(req, res);
    }),
  );
}

async function listen(server: Server): Promise<string> {
  servers.add(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answer(req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('content-type', 'application/json');
  if (req.method === 'POST') {
    req.pipe(res);
  } else if (req.url?.startsWith('/slow') === true) {
    const ms = Number(new URLSearchParams(req.url.slice('/slow'.length)).get('ms'));
    setTimeout(() => res.end(JSON.stringify({ ms })), ms);
  } else {
    res.end(JSON.stringify({ pod: 'one' }));
  }
}

const FAULTS: { what: string; fault: Fault; cause: string; detail: unknown; args?: string[] }[] = [
  {
    what: 'a reset connection',
    fault: (req) => req.socket.resetAndDestroy(),
    cause: 'reset',
    detail: 'ECONNRESET',
  },
  {
    what: 'a connection that ends without an answer',
    fault: (req) => req.socket.end(),
    cause: 'reset',
    detail: 'ECONNRESET',
  },
  {
    what: 'an answer that is cut in its body',
    fault: (_req, res) => {
      res.writeHead(200, { 'content-length': '1000' }).write('{"pod":"one"}');
      setImmediate(() => res.destroy());
    },
    cause: 'truncated',
    detail: '13 characters of the body',
  },
  {
    what: 'a chunked answer without its last chunk',
    fault: (_req, res) => {
      res.write('{"pod":"one"}');
      setImmediate(() => res.socket?.end());
    },
    cause: 'truncated',
    detail: '13 characters of the body',
  },
  { what: 'a 503', fault: (_req, res) => res.writeHead(503).end(), cause: 'status', detail: 503 },
  {
    what: 'a 200 that is not the answer',
    fault: (_req, res) => res.end('<h1>Welcome</h1>'),
    cause: 'wrong answer',
    detail: '<h1>Welcome</h1>',
  },
  {
    what: 'an answer that never comes',
    fault: () => undefined,
    cause: 'timeout',
    detail: 'nothing after 500 ms',
    args: ['--timeout', '500'],
  },
];

describe('one request among hundreds', () => {
  test.each(FAULTS)('$what is found and named', async ({ fault, cause, detail, args = [] }) => {
    const verdict = await verdictOf(await plant(fault), args);

    expect(verdict).toMatchObject({ code: 1, verdict: 'lost', passed: false, lost: 1 });
    expect(verdict.byCause).toEqual({ [cause]: 1 });
    expect(verdict.firstLosses).toEqual([expect.objectContaining({ cause, detail })]);
    expect(verdict.sent).toBeGreaterThan(NTH);
    expect(verdict.ok).toBe(verdict.sent - 1);
  });

  test('a loss says when it was, which kind of request, and which pod the connection led to', async () => {
    const known = new WeakSet<object>();
    const url = await plant(
      (req) => req.socket.resetAndDestroy(),
      (req) => {
        const isSecond = req.url === '/' && known.has(req.socket);
        if (req.url === '/') known.add(req.socket);
        return isSecond;
      },
    );
    const { firstLosses } = await verdictOf(url);

    expect(firstLosses).toHaveLength(1);
    expect(firstLosses[0]).toMatchObject({ kind: 'keep-alive', cause: 'reset', reused: true, pod: 'one' });
    expect(firstLosses[0]?.at).toBeGreaterThan(0);
    expect(firstLosses[0]?.at).toBeLessThan(0.8);
  });
});

test('a port that closes in the middle of the load refuses the rest', async () => {
  const verdict = await verdictOf(
    await plant((req, res) => {
      for (const server of servers) server.close();
      answer(req, res);
    }),
  );

  expect(verdict).toMatchObject({ code: 1, verdict: 'lost' });
  expect(verdict.byCause['refused']).toBeGreaterThan(10);
  expect(verdict.firstLosses).toHaveLength(10);
});

describe('without a fault', () => {
  test('nothing is lost, and every kind of request was sent to the service', async () => {
    const verdict = await verdictOf(await startService({ HOSTNAME: 'pod-a' }).url);

    expect(verdict).toMatchObject({ code: 0, verdict: 'nothing lost', passed: true, lost: 0, byCause: {} });
    expect(verdict.ok).toBe(verdict.sent);
    expect(Object.keys(verdict.byKind).sort()).toEqual(['fresh', 'keep-alive', 'post', 'slow']);
    expect(Object.keys(verdict.byPod)).toHaveLength(1);
    expect(verdict.latencyMs.p50).toBeLessThanOrEqual(verdict.latencyMs.max);
  });

  test('a slow server is sent as many requests as a quick one', async () => {
    const url = await listen(createServer((req, res) => void sleep(300).then(() => answer(req, res))));
    const verdict = await verdictOf(url);

    expect(verdict.sent).toBeGreaterThan(80);
    expect(verdict.latencyMs.p50).toBeGreaterThanOrEqual(299);
  });
});

describe('a load that proves nothing does not pass', () => {
  test('with too few requests', async () => {
    const verdict = await verdictOf(await plant(answer), ['--seconds', '0.2']);
    expect(verdict).toMatchObject({ code: 1, verdict: 'too few requests', passed: false, lost: 0 });
  });

  test('with nobody to answer', async () => {
    const verdict = await verdictOf('http://127.0.0.1:1', ['--wait', '0.2']);
    expect(verdict).toMatchObject({ code: 1, verdict: 'unreachable', passed: false, sent: 0 });
  });

  test.each([
    ['no URL', []],
    ['two URLs', ['http://a', 'http://b']],
    ['a rate of 0', ['http://a', '--rate', '0']],
    ['an unknown option', ['http://a', '--rats', '5']],
  ])('with wrong arguments: %s', async (_what, [url = '', ...args]) => {
    const { ended } = load(url, args);
    expect(await ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('usage: ') });
  });
});

describe('with --expect-losses', () => {
  test('it passes when something is lost', async () => {
    const url = await plant((req) => req.socket.resetAndDestroy());
    const verdict = await verdictOf(url, ['--expect-losses']);
    expect(verdict).toMatchObject({ code: 0, verdict: 'lost', passed: true, lost: 1 });
  });

  test('it fails when nothing is', async () => {
    const verdict = await verdictOf(await plant(answer), ['--expect-losses']);
    expect(verdict).toMatchObject({ code: 1, verdict: 'nothing lost', passed: false });
  });
});

describe('two real services behind a balancer that learns late that one leaves', () => {
  // What a rollout is: SIGTERM, and new connections until the endpoint is gone everywhere.
  async function leave(shutdown: Record<string, string>) {
    const [leaving, staying] = [startService(shutdown), startService()];
    const balancer = await startBalancer([await leaving.url, await staying.url]);
    servers.add(balancer.server);
    const gone = leaving.ended.then(async () => sleep(500)); // the load goes on without it
    const { steady, verdict } = load(balancer.url, ['--rate', '100'], gone);
    await steady;
    leaving.kill('SIGTERM');
    await leaving.line({ event: 'lifecycle', state: 'lame-duck' });
    await sleep(300);
    balancer.remove(await leaving.url);
    return verdict();
  }

  test('loses nothing', async () => {
    const verdict = await leave({ SHUTDOWN_WINDOW: '600ms' });
    expect(verdict).toMatchObject({ code: 0, verdict: 'nothing lost', byCause: {} });
    expect(verdict.sent).toBeGreaterThan(200);
  });

  test('loses requests without a window and time to drain, and that is seen', async () => {
    const verdict = await leave({ SHUTDOWN_WINDOW: '0', SHUTDOWN_DRAIN_TIMEOUT: '0' });
    expect(verdict).toMatchObject({ code: 1, verdict: 'lost' });
    expect(verdict.byCause['reset']).toBeGreaterThan(0);
  });
});
