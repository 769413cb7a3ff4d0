import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Flaw } from './judge.ts';
import type { History, KeepAliveClient } from './keep-alive-client.ts';

/** No answer is shorter. */
const SHORTEST = 'HTTP/1.1 200\r\n\r\n'.length;
const OF_ANOTHER = { cause: 'body', detail: 'of another request' } as const;
const TWICE = { cause: 'body', detail: 'answered twice' } as const;

/**
 * One request and its answer on their connection, and whether anything came that nobody had asked for: the next request
 * would take it for its own answer.
 */
export class Passage {
  /** What the connection had been through, if it was not new. */
  before: History | undefined;
  readonly #client: KeepAliveClient | undefined;
  #socket: Socket | undefined;
  #bytesBefore = 0;
  /** Something had come before the request was sent. */
  #isStray = false;
  /** `100 Continue` and the like came before the answer. */
  #informed = false;

  constructor(req: ClientRequest, client: KeepAliveClient | undefined) {
    this.#client = client;
    req.once('information', () => (this.#informed = true));
    req.once('socket', (socket) => {
      this.#socket = socket;
      this.#bytesBefore = socket.bytesRead;
      const begun = client?.begin(socket);
      if (begun === undefined) return;
      this.before = { answers: begun.answers, idleMs: begun.idleMs };
      this.#isStray = begun.stray;
    });
  }

  /** The answer has come. */
  end(res: IncomingMessage, close: boolean): Flaw | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    this.#client?.answered(socket, close);
    if (this.#isStray) return OF_ANOTHER;
    // What was encrypted was longer.
    if (this.#informed || socket instanceof TLSSocket) return undefined;
    return surplusOf(res, socket.bytesRead - this.#bytesBefore) >= SHORTEST ? TWICE : undefined;
  }
}

/** How many more bytes have come than the answer has; 0 if it does not say its length. */
function surplusOf(
  { httpVersion, statusMessage = '', rawHeaders, headers }: IncomingMessage,
  bytes: number,
): number {
  const length = headers['content-length'];
  if (length === undefined) return 0;
  const perPart = ': \r\n'.length / 2;
  const ofHeaders = rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part, 'latin1') + perPart, 0);
  const head = `HTTP/${httpVersion} 200 ${statusMessage}\r\n\r\n`.length + ofHeaders;
  return bytes - head - Number(length);
}
