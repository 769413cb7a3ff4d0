import type { EventEmitter } from 'node:events';
import { type Socket, connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import { AnswerStart } from './answer-start.ts';
import type { RequestBody } from './request-body.ts';

/** A request as it goes to a target. */
export interface TargetRequest {
  method: string;
  /** With query; begins with a slash. */
  path: string;
  /** Without `Host` and `Transfer-Encoding`: those are the connection's. */
  headers: Record<string, string | string[] | undefined>;
  body: RequestBody | undefined;
}

/** Who takes the answer. What `onHead` and `onData` throw ends the request, and comes back in `onError`. */
export interface Receiver {
  /** The final status and its headers: name, value, name, value. */
  onHead: (status: number, message: string, rawHeaders: string[], httpVersion: string) => void;
  /** Returns false when nothing more can be taken before `resume()`. */
  onData: (chunk: Buffer) => boolean;
  onEnd: () => void;
  /** There is no whole answer; nothing is called after it. Must not throw. */
  onError: (error: Error) => void;
}

/** The pool that a connection belongs to. */
interface Owner {
  /** The answer has ended. */
  onIdle: (connection: TargetConnection) => void;
  /** It has closed without a request on it. */
  onGone: (connection: TargetConnection) => void;
  /** Of the last TLS connection: the next one needs no whole handshake. */
  session: Buffer | undefined;
}

/**
 * How long an idle connection is kept: as long as the target says in `Keep-Alive: timeout=N`, less a second for the
 * way there, else less than what servers usually have (Node, uvicorn and Apache 5 s).
 */
const KEEP_ALIVE = { keepAliveTimeout: 4000, keepAliveTimeoutThreshold: 1000, keepAliveMaxTimeout: 60_000 };
const TCP_KEEP_ALIVE_MS = 60_000;
/** Our name for ECONNRESET where undici must not see it. */
const RESET = 'ERR_TARGET_RESET';

/**
 * One connection to a target, with one request on it at a time: the only file that knows undici. When it closes before
 * a request was written to it, undici opens another one for that request.
 */
export class TargetConnection implements Dispatcher.DispatchHandler {
  /** `performance.now()` at the end of the last answer. */
  idleSince = 0;
  readonly #owner: Owner;
  readonly #client: Client;
  readonly #start = new AnswerStart();
  #socket: Socket | undefined;
  #receiver: Receiver | undefined;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(origin: string, owner: Owner) {
    this.#owner = owner;
    this.#client = new Client(origin, {
      ...KEEP_ALIVE,
      // The gateway has a time-out of its own, which looks before it strikes.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: ({ protocol, hostname, port }, done) => this.#connect(protocol, hostname, port, done),
    });
    // Not in its types: what is thrown where undici has nobody to tell. It ends a request, and not the process.
    (this.#client as EventEmitter).on('error', () => undefined);
    this.#client.on('disconnect', () => {
      if (this.#receiver === undefined) this.#owner.onGone(this);
    });
  }

  /** Whether any byte of an answer has come since `send()`. */
  get hasAnswered(): boolean {
    return this.#start.seen;
  }

  send(request: TargetRequest, receiver: Receiver): void {
    this.#receiver = receiver;
    this.#start.expect();
    // blocking and idempotent are about pipelining, which is off.
    this.#client.dispatch({ ...request, body: request.body ?? null }, this);
  }

  /** After `onData` returned false. */
  resume(): void {
    try {
      this.#controller?.resume();
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
  }

  /** Ends the connection, and with it the request that is on it, of which its receiver hears no more. */
  destroy(reason: Error): void {
    this.#receiver = undefined;
    this.#client.destroy(reason, () => undefined);
    this.#socket?.destroy(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(
    { rawHeaders }: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message = '',
  ): void {
    // The other 1xx announce a final answer; nobody has asked for another protocol.
    if (status < 100 || status === 101) throw new Error(`unexpected status ${status}`);
    if (status < 200) return;
    this.#start.end();
    const headers = (rawHeaders as Buffer[]).map((part) => part.toString('latin1'));
    this.#receiver?.onHead(status, message, headers, this.#start.httpVersion);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#receiver?.onData(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    this.#receiver = undefined;
    this.idleSince = performance.now();
    this.#owner.onIdle(this);
    try {
      receiver.onEnd();
    } catch (error) {
      receiver.onError(error as Error);
    }
  }

  onResponseError(_controller: unknown, error: Error): void {
    const receiver = this.#receiver;
    this.destroy(error);
    receiver?.onError(error);
  }

  #connect(
    protocol: string,
    host: string,
    portOrNone: string,
    done: (...args: [null, Socket] | [Error, null]) => void,
  ): void {
    const tls = protocol === 'https:';
    const port = Number(portOrNone || (tls ? 443 : 80));
    const socket: Socket = tls
      ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], session: this.#owner.session })
      : connect({ host, port });
    this.#socket = socket;
    if (tls) socket.on('session', (session: Buffer) => (this.#owner.session = session));
    socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    let connected = false;
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      connected = true;
      this.#start.listenTo(socket);
      done(null, socket);
    });
    // Before undici's own listener, which takes ECONNRESET for the end of an answer that ends with its connection, and
    // fails an assertion, uncaught, if that answer was paused.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') error.code = RESET;
      if (!connected) done(error, null);
    });
  }
}

/** An error of a connection in a word or two, for people: `ECONNREFUSED`, `unexpected status 99`. */
export function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const closed = code === RESET || ['other side closed', 'closed'].includes(message);
  if (closed) return 'ECONNRESET';
  return code === undefined || code === 'UND_ERR_SOCKET' ? message : code;
}
