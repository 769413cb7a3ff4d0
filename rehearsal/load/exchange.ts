import { Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Replica } from '../cluster/replica.ts';
import type { Route, Service } from '../cluster/service.ts';
import { type Answer, type Flaw } from './judge.ts';
import type { Cause } from './ledger.ts';

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
  /** The answer said that it was the last of its connection. */
  close: boolean;
  /** The answer was whole, and unlike those before. */
  unlike?: true;
  /** Absent: a whole answer that is right. */
  loss?: { cause: Cause; detail: string };
}

/** A longer body is not kept, and not looked at. */
const LONGEST_BODY = 1024 * 1024;

/** A client that keeps its connections: each goes where the Service sends it, and stays there. */
export class KeepAliveClient extends Agent {
  readonly #service: Service<Replica>;
  readonly #node: number;

  constructor(service: Service<Replica>, node: number) {
    super({ keepAlive: true, scheduling: 'fifo' });
    this.#service = service;
    this.#node = node;
  }

  override createConnection(_options: ClientRequestArgs): Socket {
    return this.#service.connect(this.#node);
  }
}

/** Where a request gets its connection from: a client that keeps some, or a new one for it alone. */
export type Connector = { agent: Agent } | { createConnection: () => Socket };

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
    const route = () => (req.socket === null ? undefined : service.routeOf(req.socket, answer));
    const settle = (flaw?: Exchange['loss'] | 'unlike') => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      const newConnection = !req.reusedSocket;
      const how = flaw === undefined ? {} : flaw === 'unlike' ? { unlike: true as const } : { loss: flaw };
      resolve({ route: route(), newConnection, close, ...how });
    };
    const req: ClientRequest = request({ host: 'service', method, path, headers, ...connector });
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
      res.once('error', fail);
      readBody(res, (whole) => {
        const { statusCode: status = 0, headers: its } = res;
        settle(
          flawOf(route(), status) ?? judge({ status, headers: its, body: whole, replica: route()?.backend }),
        );
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

/** Of a request without any answer. */
export function causeOf(code: string | undefined, route: Route<Replica> | undefined, reused: boolean): Cause {
  if (route?.front === undefined && route?.backend === undefined) return 'no-endpoint';
  if (code === 'ECONNREFUSED') return 'refused';
  return reused ? 'reset-kept' : 'reset-new';
}
