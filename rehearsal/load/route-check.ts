import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Replica } from '../cluster/replica.ts';
import type { Service } from '../cluster/service.ts';
import { RehearsalError } from '../errors.ts';
import type { LoadPlan } from '../plan.ts';
import { bodyOf, ROUTE_FLAGS, type Routes, slowPath } from '../subject/routes.ts';

interface Question {
  method: 'GET' | 'HEAD' | 'POST';
  path: string;
  headers?: Record<string, string | number>;
  body?: string;
  /** Its answer has no end. */
  endless?: true;
}

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'cmVoZWFyc2FsIGNoZWNrcw==',
};

/** What a WebSocket begins with. */
const SWITCHING = 101;
/** A program that fails for so long at its start is the load's to find: it is ready too early, which is not its paths. */
const START_MS = 5000;
const AGAIN_MS = 100;

/** Some programs begin the answer to HEAD only with its end, which never comes. */
const HEAD_MS = 1000;

/**
 * Asks a replica once for everything that the load will ask for: of a program that has other paths every request would
 * be lost, before the change and after it, and nothing would be said about its shutdown.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` with every path whose answer is an error, and the flag for it; or if it should
 *   speak TLS, and does not
 */
export async function checkRoutes(
  plan: LoadPlan,
  service: Service<Replica>,
  replica: Replica,
): Promise<void> {
  const wrong: string[] = [];
  for (const [route, question] of questions(plan)) {
    const answer = async (asked: Question) => {
      const giveUpAt = performance.now() + START_MS;
      for (;;) {
        const status = await ask(asked, service, replica, plan.timeoutMs);
        if (status === undefined || status < 500 || performance.now() > giveUpAt) return status;
        await sleep(AGAIN_MS);
      }
    };
    // What has no end can't be left without being counted one way or the other: its headers alone are enough, if a
    // program knows HEAD.
    const { endless, ...rest } = question;
    if (endless && ((await ask({ ...rest, method: 'HEAD' }, service, replica, HEAD_MS)) ?? Infinity) < 400)
      continue;
    const status = await answer(question);
    const expected = route === 'webSocket' ? SWITCHING : route === 'get' ? plan.expectStatus : undefined;
    const isRight = expected === undefined ? (status ?? 0) < 400 : status === expected;
    if (status === undefined || isRight) continue; // whoever gives no answer at all is the load's to find
    wrong.push(
      `  ${question.method} ${question.path}: status ${status}; ${ROUTE_FLAGS[route]} says another path`,
    );
  }
  if (wrong.length === 0) return;
  throw new RehearsalError(
    'REHEARSAL_USAGE',
    'the program answers paths of the load with an error, before anything has changed: all requests to them would be ' +
      `lost, whatever it does when it leaves\n${wrong.join('\n')}`,
  );
}

function questions(plan: LoadPlan): [keyof Routes, Question][] {
  const { routes, slow, post, streams, webSockets } = plan;
  const { text: body, headers } = bodyOf(plan, 'r0');
  const all: [keyof Routes, asked: boolean, Question][] = [
    ['get', slow + post < 1, { method: 'GET', path: routes.get }],
    ['slow', slow > 0, { method: 'GET', path: slowPath(routes, 1) }],
    ['post', post > 0, { method: 'POST', path: routes.post, headers, body }],
    [
      'stream',
      streams > 0,
      { method: 'GET', path: routes.stream, headers: { Accept: 'text/event-stream' }, endless: true },
    ],
    ['webSocket', webSockets > 0, { method: 'GET', path: routes.webSocket, headers: UPGRADE }],
  ];
  return all
    .filter(([, asked]) => asked)
    .map(([route, , question]) => [
      route,
      { ...question, headers: { ...question.headers, ...plan.headers } },
    ]);
}

/** The status of its answer; undefined if there is none. A whole answer counts as one that the load has not asked for. */
async function ask(
  { method, path, headers = {}, body, endless }: Question,
  service: Service<Replica>,
  replica: Replica,
  timeoutMs: number,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const createConnection = () => service.connectTo(replica);
    const signal = AbortSignal.timeout(timeoutMs);
    const req = request({ host: 'service', method, path, headers, createConnection, signal });
    const leave = (status?: number) => {
      req.destroy();
      resolve(status);
    };
    req.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code !== 'EPROTO' && code?.startsWith('ERR_SSL') !== true) resolve(undefined);
      else reject(new RehearsalError('REHEARSAL_USAGE', 'the program speaks no TLS: expected no --https'));
    });
    req.once('upgrade', (res, socket) => {
      socket.destroy();
      leave(res.statusCode);
    });
    req.once('response', (res) => {
      if (endless && (res.statusCode ?? 0) < 400) {
        leave(res.statusCode);
        return;
      }
      res.once('error', () => resolve(undefined));
      res.once('end', () => {
        replica.probed++;
        leave(res.statusCode);
      });
      res.resume();
    });
    req.end(body);
  });
}
