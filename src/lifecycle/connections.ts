import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Counts } from './tally.ts';

/** What a handler learns about the shutdown: `req.shutdown`. */
export interface ShutdownNotice {
  /** Fires when the process is told to leave: say goodbye on streams, end long polls. Fired already for later requests. */
  readonly signal: AbortSignal;
}

declare module 'node:http' {
  interface IncomingMessage {
    shutdown: ShutdownNotice;
  }
}

/** How a request ended: its response was handed to the kernel whole, its client went away, or we cut it. */
export type RequestOutcome = 'answered' | 'aborted' | 'cut';

/**
 * How a connection ended: after an answer that said close, by our idle rule, as an upgraded socket that
 * said goodbye, by our cut, or because the client (or the keep-alive timeout) ended it first.
 */
export type ConnectionOutcome = 'closed' | 'idle' | 'upgraded' | 'cut' | 'left';

/** One request from its headers to the end of its response. */
export class TrackedRequest implements ShutdownNotice {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly connection: Connection;
  /** `performance.now()` when the headers had arrived. */
  readonly startedAt = performance.now();
  outcome: RequestOutcome | undefined;
  readonly #bytesBefore: number;
  #controller: AbortController | undefined;
  #noticed: boolean;

  constructor(req: IncomingMessage, res: ServerResponse, connection: Connection, noticed: boolean) {
    this.req = req;
    this.res = res;
    this.connection = connection;
    this.#bytesBefore = connection.socket.bytesWritten;
    this.#noticed = noticed;
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

  get ageMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Bytes written to the socket since the request came, headers included. */
  get bytesSent(): number {
    return this.connection.socket.bytesWritten - this.#bytesBefore;
  }

  notice(): void {
    this.#noticed = true;
    this.#controller?.abort();
  }
}

/** One accepted socket. */
export class Connection {
  readonly socket: Socket;
  readonly inFlight = new Set<TrackedRequest>();
  newest: TrackedRequest | undefined;
  /** An answer on this connection said `Connection: close`: nothing that arrives later is processed. */
  farewell = false;
  /** Set when the connection ends by our own hand. */
  endedBy: 'idle' | 'cut' | undefined;
  /** `socket.bytesRead` and the time when the connection was last seen idle; see {@link Connections.reapIdle}. */
  idle = { bytes: 0, since: 0 };

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get outcome(): ConnectionOutcome {
    return this.endedBy ?? (this.farewell ? 'closed' : 'left');
  }
}

/**
 * Every connection and request of one listener, each counted once when it comes and once when it ends, so that
 * accepted = answered + aborted + cut (requests) and = closed + idle + upgraded + cut + left (connections)
 * as soon as nothing is open.
 */
export class Connections {
  readonly open = new Set<Connection>();
  /** `performance.now()` of the newest connection or request. */
  lastTrafficAt = 0;
  /** Called once per request, when its outcome is known. */
  onRequestEnd: ((request: TrackedRequest) => void) | undefined;

  readonly #bySocket = new WeakMap<Socket, Connection>();
  readonly #connections = { accepted: 0, closed: 0, idle: 0, upgraded: 0, cut: 0, left: 0 };
  readonly #requests = { accepted: 0, answered: 0, aborted: 0, cut: 0 };
  #noticed = false;
  #inFlight = 0;
  #onEmpty: (() => void) | undefined;
  #idle: { queue: Set<Connection>; minMs: number; timer: NodeJS.Timeout | undefined } | undefined;

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#connections.accepted;
  }

  counts(): Counts {
    return {
      connections: { open: this.open.size, ...this.#connections },
      requests: { inFlight: this.#inFlight, ...this.#requests },
    };
  }

  /** Whether the socket has a request in flight. */
  isBusy(socket: Socket): boolean {
    return (this.#bySocket.get(socket)?.inFlight.size ?? 0) > 0;
  }

  /** All requests in flight, oldest first within each connection. */
  *requestsInFlight(): Generator<TrackedRequest> {
    for (const connection of this.open) yield* connection.inFlight;
  }

  accept(socket: Socket): void {
    const connection = new Connection(socket);
    this.#bySocket.set(socket, connection);
    this.open.add(connection);
    this.#connections.accepted++;
    this.lastTrafficAt = performance.now();
    this.#nowIdle(connection);
    socket.once('close', () => this.#closed(connection));
  }

  /**
   * Takes charge of a request. Undefined if it came after an answer that said close: such a request must not be
   * processed (RFC 9112, 9.6), its sender knows that it has to repeat it elsewhere.
   */
  begin(req: IncomingMessage, res: ServerResponse): TrackedRequest | undefined {
    const connection = this.#bySocket.get(req.socket);
    if (connection === undefined || connection.farewell) return undefined;
    const request = new TrackedRequest(req, res, connection, this.#noticed);
    req.shutdown = request;
    connection.newest = request;
    connection.inFlight.add(request);
    this.#inFlight++;
    this.#requests.accepted++;
    this.lastTrafficAt = performance.now();
    this.#idle?.queue.delete(connection);
    if (this.#noticed) this.#sendAway(request);
    // First in line: Node's own listener may destroy the socket, and "destroyed" is what tells a response that
    // was written from one whose write callbacks were only flushed by an error.
    res.prependListener('finish', () => {
      if (!connection.socket.destroyed) this.#settle(request, 'answered');
    });
    return request;
  }

  /** From the signal on: every request is told, and the newest answer of each connection says close. */
  giveNotice(): void {
    this.#noticed = true;
    for (const request of this.requestsInFlight()) {
      this.#sendAway(request);
      request.notice();
    }
  }

  /** Resolves when no connection is open. */
  async empty(): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /**
   * From now on ends each connection that has no request in flight and has sent no byte for `minMs`, counted from
   * this call at the earliest: a request that is on the wire already must not be met by a reset (nginx:
   * keepalive_min_timeout). Silent preconnects and half-sent headers fall under the same rule.
   */
  reapIdle(minMs: number): void {
    clearTimeout(this.#idle?.timer);
    this.#idle = { queue: new Set(), minMs, timer: undefined };
    for (const connection of this.open) if (connection.inFlight.size === 0) this.#nowIdle(connection);
  }

  /** Destroys what is left and counts it. */
  cut(): void {
    for (const connection of this.open) {
      connection.endedBy ??= connection.inFlight.size > 0 ? 'cut' : 'idle'; // silence loses nothing
      for (const request of connection.inFlight) {
        // Before the socket is destroyed: that flushes its buffers, and a response cut in half would look written.
        this.#settle(request, request.res.writableFinished ? 'answered' : 'cut');
      }
      connection.socket.destroy();
      this.#closed(connection);
    }
    clearTimeout(this.#idle?.timer);
  }

  #settle(request: TrackedRequest, outcome: RequestOutcome): void {
    const { connection } = request;
    if (!connection.inFlight.delete(request)) return;
    request.outcome = outcome;
    this.#inFlight--;
    this.#requests[outcome]++;
    if (!request.res.shouldKeepAlive) connection.farewell = true;
    if (connection.inFlight.size === 0) this.#nowIdle(connection);
    this.onRequestEnd?.(request);
  }

  #closed(connection: Connection): void {
    if (!this.open.delete(connection)) return;
    this.#idle?.queue.delete(connection);
    for (const request of connection.inFlight) this.#settle(request, 'aborted');
    this.#connections[connection.outcome]++;
    if (this.open.size === 0) this.#onEmpty?.();
  }

  /** Lets the answer to this request say close, if it is still the newest of its connection by then. */
  #sendAway({ res, connection }: TrackedRequest): void {
    const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
    res.writeHead = (...args: unknown[]) => {
      if (!res.headersSent && connection.newest?.res === res) {
        connection.farewell = true;
        dropConnectionHeader(args);
        res.setHeader('Connection', 'close');
      }
      return writeHead(...args);
    };
  }

  #nowIdle(connection: Connection): void {
    const idle = this.#idle;
    if (idle === undefined || !this.open.has(connection)) return;
    connection.idle = { bytes: connection.socket.bytesRead, since: performance.now() };
    idle.queue.delete(connection);
    // All wait equally long, so the queue is in the order of expiry and one timer, for its head, is enough.
    idle.queue.add(connection);
    if (idle.queue.size === 1) this.#armReaper();
  }

  #armReaper(): void {
    const idle = this.#idle;
    if (idle === undefined) return;
    clearTimeout(idle.timer);
    const [head] = idle.queue;
    if (head === undefined) return;
    const waitMs = head.idle.since + idle.minMs - performance.now();
    idle.timer = setTimeout(() => this.#reap(idle.queue, idle.minMs), Math.max(0, Math.ceil(waitMs)));
  }

  #reap(queue: Set<Connection>, minMs: number): void {
    const now = performance.now();
    for (const connection of queue) {
      if (connection.idle.since + minMs > now) break;
      queue.delete(connection);
      if (connection.socket.bytesRead !== connection.idle.bytes) {
        this.#nowIdle(connection); // something came after all: half a request
        continue;
      }
      connection.endedBy = 'idle';
      connection.socket.destroySoon();
    }
    this.#armReaper();
  }
}

/** Headers given to writeHead win over those set before, and many stream handlers pass `Connection: keep-alive`. */
function dropConnectionHeader(args: unknown[]): void {
  const last = args.length - 1;
  const headers = args[last];
  if (Array.isArray(headers)) {
    // Node's two array forms: [name, value, name, value] and [[name, value], [name, value]].
    const pairs = headers.every(Array.isArray)
      ? (headers as unknown[][])
      : Array.from({ length: headers.length / 2 }, (_, i) => headers.slice(2 * i, 2 * i + 2) as unknown[]);
    args[last] = pairs.filter(([name]) => !isConnection(name)).flat();
  } else if (typeof headers === 'object' && headers !== null) {
    args[last] = Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
  }
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === 'connection';
}
