import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type * as Undici from 'undici';
import { AnswerStart } from './answer-start.ts';
import type { RequestBody } from './request-body.ts';
import { endedByReset, openSocket, type SessionCache } from './target-socket.ts';

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
interface Owner extends SessionCache {
  /** The answer has ended. */
  onIdle: (connection: TargetConnection) => void;
  /** It is closed, and has no request on it. */
  onGone: (connection: TargetConnection) => void;
}

/**
 * How long an idle connection is kept: as long as the target says in `Keep-Alive: timeout=N`, less a second for the
 * way there, else less than what servers usually have (Node, uvicorn and Apache 5 s).
 */
const KEEP_ALIVE = { keepAliveTimeout: 4000, keepAliveTimeoutThreshold: 1000, keepAliveMaxTimeout: 60_000 };

let undici: typeof Undici | undefined;

/** Comes before the first connection, and only where there are targets: it takes longer than all the rest of the engine. */
export async function loadClient(): Promise<void> {
  undici ??= await import('undici');
}

/**
 * One connection to a target, with one request on it at a time: the only file that knows undici. When it closes before
 * a request was written to it, undici opens another one for that request.
 */
export class TargetConnection implements Undici.Dispatcher.DispatchHandler {
  /** `performance.now()` at the end of the last answer. */
  idleSince = 0;
  readonly #owner: Owner;
  readonly #client: Undici.Client;
  readonly #start = new AnswerStart();
  #socket: Socket | undefined;
  #receiver: Receiver | undefined;
  #controller: Undici.Dispatcher.DispatchController | undefined;

  constructor(origin: string, owner: Owner) {
    this.#owner = owner;
    if (undici === undefined) throw new Error('the gateway sends before its start-up hook has run');
    this.#client = new undici.Client(origin, {
      ...KEEP_ALIVE,
      // The gateway has a time-out of its own, which looks before it strikes.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (where, done) => {
        this.#socket = openSocket(where, owner, (error, socket) => {
          if (error !== null) return done(error, null);
          this.#start.listenTo(socket);
          done(null, socket);
        });
      },
    });
    // Not in its types: what is thrown where undici has nobody to tell. It ends a request, and not the process.
    (this.#client as EventEmitter).on('error', () => undefined);
    this.#client.on('disconnect', () => {
      if (this.#receiver === undefined) this.#owner.onGone(this);
    });
  }

  /** Whether any byte of an answer has come since `send()`. */
  get hasAnswered(): boolean {
    return this.#controller !== undefined && this.#start.seen;
  }

  send(request: TargetRequest, receiver: Receiver): void {
    this.#receiver = receiver;
    this.#controller = undefined;
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
    this.#owner.onGone(this);
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#start.expect();
  }

  onResponseStart(
    { rawHeaders }: Undici.Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message = '',
  ): void {
    const { httpVersion } = this.#start;
    if (httpVersion === undefined) throw new Error('neither HTTP/1.1 nor HTTP/1.0');
    if (status < 200) throw new Error(`unexpected status ${status}`);
    const headers = (rawHeaders as Buffer[]).map((part) => part.toString('latin1'));
    this.#receiver?.onHead(status, message, headers, httpVersion);
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#receiver?.onData(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    this.#receiver = undefined;
    this.idleSince = performance.now();
    this.#owner.onIdle(this);
    try {
      if (this.#socket !== undefined && endedByReset(this.#socket)) throw new Error('reset');
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
}
