import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Replica } from '../cluster/replica.ts';
import type { Route, Service } from '../cluster/service.ts';
import type { Answer, Flaw } from './judge.ts';
import type { History, KeepAliveClient } from './keep-alive-client.ts';
import type { Cause } from './ledger.ts';
import { Passage } from './passage.ts';

export interface Wanted {
  method: string;
  path: string;
  headers?: Record<string, string | number>;
  body?: string;
  timeoutMs: number;
  /** What is wrong with a whole answer. */
  judge: (answer: Answer) => Flaw | 'unlike' | undefined;
}

export interface Exchange {
  route: Route<Replica> | undefined;
  /** The first request of its connection. */
  newConnection: boolean;
  /** What its connection had been through, if it was not new. */
  onKept?: History;
  /** The answer said that it was the last of its connection. */
  close: boolean;
  /** For how long an idle connection is kept, as the answer says. */
  keepAliveMs?: number;
  /** The answer was whole, and unlike those before. */
  unlike?: true;
  /** Absent: a whole answer that is right. */
  loss?: { cause: Cause; detail: string };
}

/** A longer body is not kept, and not looked at. */
const LONGEST_BODY = 1024 * 1024;

/** Where a request gets its connection from: a client that keeps some, or a new one for it alone. */
export type Connector = { agent: KeepAliveClient } | { createConnection: () => Socket };

/** One request without a retry, to its whole answer or to the reason why there is none. Never rejects. */
export async function exchange(
  service: Service<Replica>,
  connector: Connector,
  { method, path, headers = {}, body, timeoutMs, judge }: Wanted,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let settled = false;
    let close = false;
    let answering = false;
    let answer: IncomingMessage | undefined;
    let keepAliveMs: number | undefined;
    const route = () => (req.socket === null ? undefined : service.routeOf(req.socket, answer));
    const settle = (flaw?: Exchange['loss'] | 'unlike') => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      resolve({
        route: route(),
        newConnection: !req.reusedSocket,
        close,
        ...(passage.before && { onKept: passage.before }),
        ...(keepAliveMs !== undefined && { keepAliveMs }),
        ...(flaw === undefined ? {} : flaw === 'unlike' ? { unlike: true } : { loss: flaw }),
      });
    };
    const req: ClientRequest = request({ host: 'service', method, path, headers, ...connector });
    const passage = new Passage(req, 'agent' in connector ? connector.agent : undefined);
    const timer = setTimeout(() => {
      settle({ cause: 'timeout', detail: `${answering ? 'half an' : 'no'} answer after ${timeoutMs} ms` });
      req.destroy();
    }, timeoutMs);
    const fail = (error: NodeJS.ErrnoException) => {
      const cause = answering ? 'broken' : causeOf(error.code, route(), req.reusedSocket);
      settle({ cause, detail: error.code ?? error.message });
    };
    req.once('error', fail);
    req.once('response', (res) => {
      answering = true;
      answer = res;
      close = isLast(res);
      keepAliveMs = promisedMs(res);
      res.once('error', fail);
      readBody(res, (whole) => {
        const { statusCode: status = 0, headers: its } = res;
        const flaw = judge({ status, headers: its, body: whole, replica: route()?.backend });
        const surplus = passage.end(res, close);
        settle(flawOf(route(), status) ?? flaw ?? surplus);
      });
    });
    req.end(body);
  });
}

function readBody(res: IncomingMessage, onEnd: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  res.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LONGEST_BODY) chunks.push(chunk);
  });
  res.once('end', () => onEnd(length <= LONGEST_BODY ? Buffer.concat(chunks) : undefined));
}

/** The last answer of its connection: it says so, or comes from before connections were kept (RFC 9112, 9.3). */
function isLast({ httpVersion, headers: { connection = '' } }: IncomingMessage): boolean {
  const options = connection.toLowerCase().split(/\s*,\s*/);
  return options.includes('close') || (httpVersion === '1.0' && !options.includes('keep-alive'));
}

const CAUSES: Record<NonNullable<Route<Replica>['loss']>, Cause> = {
  'no-endpoint': 'no-endpoint',
  refused: 'refused',
  reset: 'reset-kept',
  timeout: 'timeout',
};

/** What a proxy met, if the answer is its own. */
function flawOf(route: Route<Replica> | undefined, status: number): Exchange['loss'] {
  if (route?.loss === undefined) return undefined;
  return { cause: CAUSES[route.loss], detail: `status ${status} of ${route.front}` };
}

/** `Keep-Alive: timeout=5` */
function promisedMs({ headers }: IncomingMessage): number | undefined {
  const [, seconds] = /\btimeout=(\d+)/.exec(String(headers['keep-alive'])) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Of a request without any answer. */
export function causeOf(code: string | undefined, route: Route<Replica> | undefined, reused: boolean): Cause {
  if (route?.front === undefined && route?.backend === undefined) return 'no-endpoint';
  if (code === 'ECONNREFUSED') return 'refused';
  return reused ? 'reset-kept' : 'reset-new';
}
