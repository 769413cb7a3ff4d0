import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Goodbyes } from './goodbyes.ts';

/** What a handler learns about the shutdown: `req.shutdown`. */
export interface ShutdownNotice {
  /** Fires when the process is told to leave. Fired already for requests that come later. */
  readonly signal: AbortSignal;
  /**
   * Registers the goodbye of a stream or an upgraded socket: the last event of an event stream, close code 1001 of a
   * WebSocket. It is called once, at a moment of its own in the window, unless the client has gone by then.
   */
  onDrain(goodbye: () => void): void;
}

declare module 'http' {
  interface IncomingMessage {
    shutdown: ShutdownNotice;
  }
}

/** The request as the listener counts it; undefined where it came from another server. */
export function trackedRequest({
  shutdown,
}: Partial<Pick<IncomingMessage, 'shutdown'>>): TrackedRequest | undefined {
  return shutdown instanceof TrackedRequest ? shutdown : undefined;
}

/** Whether the headers announce a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * How a request ended: its response was handed to the kernel whole, its client went away, we cut it at the deadline, or
 * we broke its connection: a handler that destroyed the socket, a target of the gateway that failed half-way, a request
 * that reached us behind our FIN.
 */
export type RequestOutcome = 'answered' | 'aborted' | 'cut' | 'broken';

/** One request from its headers to the end of its response; without a response, an upgrade to the end of its socket. */
export class TrackedRequest implements ShutdownNotice {
  readonly req: IncomingMessage;
  readonly res: ServerResponse | undefined;
  /** That its answer is written to. */
  readonly socket: Socket;
  /** `performance.now()` when the headers had arrived. */
  readonly startedAt = performance.now();
  outcome: RequestOutcome | undefined;
  /** Hands it to the application, if that has not happened yet. */
  start: (() => void) | undefined;
  /** Of the {@link Gate}: who has asked, if it has let the request in, and whether it has begun by now. */
  client: string | undefined;
  begun = false;
  readonly #bytesBefore: number;
  readonly #goodbyes: Goodbyes;
  #takeBack: (() => void) | undefined;
  #controller: AbortController | undefined;
  #noticed: boolean;

  constructor(
    req: IncomingMessage,
    res: ServerResponse | undefined,
    socket: Socket,
    goodbyes: Goodbyes,
    noticed: boolean,
  ) {
    this.req = req;
    this.res = res;
    this.socket = socket;
    this.#bytesBefore = bytesSentOn(socket);
    this.#goodbyes = goodbyes;
    this.#noticed = noticed;
    req.shutdown = this;
  }

  /**
   * One signal per request, made when it is first asked for: a signal shared by all requests would gather the
   * abort listeners of every stream that ever was.
   */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#noticed) this.#controller.abort();
    return this.#controller.signal;
  }

  onDrain(goodbye: () => void): void {
    this.#takeBack?.();
    this.#takeBack = this.#goodbyes.add(goodbye);
  }

  get ageMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Bytes that the kernel has taken since the request came, headers included. */
  get bytesSent(): number {
    return bytesSentOn(this.socket) - this.#bytesBefore;
  }

  notice(): void {
    this.#noticed = true;
    this.#controller?.abort();
  }

  end(outcome: RequestOutcome): void {
    this.outcome = outcome;
    this.#takeBack?.();
  }
}

/** `bytesWritten` counts what still waits in the process, too: a client that does not read has got none of that. */
function bytesSentOn(socket: Socket): number {
  const { _bytesDispatched: dispatched = 0, _handle: handle } = socket as Socket & {
    _bytesDispatched?: number;
    _handle?: { writeQueueSize?: number } | null;
  };
  return Math.max(0, dispatched - (handle?.writeQueueSize ?? 0));
}
