import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { bind } from './bind.ts';
import { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { LifecycleError } from './errors.ts';
import { hasBody, type TrackedRequest } from './request.ts';
import { type Counts, type Tally, tally } from './tally.ts';

export interface ListenerOptions {
  name: string;
  /** Undefined: all interfaces, IPv6 and IPv4. */
  host: string | undefined;
  /** 0 picks a free port. */
  port: number;
  handler: RequestListener;
  /** Makes it HTTPS, TLS 1.2 at least. PEM. */
  certificate?: Certificate | undefined;
  keepAliveTimeoutMs: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /** Answers what the HTTP parser refuses, on a socket that is writable and has no other answer under way. */
  onClientError?: (error: Error, socket: Socket) => void;
  /** Names a request for people: its route template and id. */
  describe?: (req: IncomingMessage) => RequestNames;
}

export type UpgradeHandler = (req: IncomingMessage, socket: Socket, head: Buffer) => void;

export interface RequestNames {
  route: string;
  requestId: string | undefined;
}

/** A certificate chain and its private key, as PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** A request in flight, at one moment. */
export interface RequestSnapshot {
  listener: string;
  method: string;
  route: string;
  ageMs: number;
  bytesSent: number;
  requestId: string | undefined;
}

export interface ListenerResult {
  name: string;
  result: 'closed' | 'cut' | 'error';
  ms: number;
  cutRequests: RequestSnapshot[];
  error?: unknown;
}

export interface DrainOptions {
  keepAliveMinIdleMs: number;
  /** Fires when the time to drain is over. */
  deadline: AbortSignal;
}

const ACCEPT_QUIET_TURNS = 4;
const ACCEPT_QUIET_MAX_MS = 250;
/** Node looks for slow senders only every 30 s by default, which would make a 10 s time-out up to 40 s. */
const TIMEOUT_CHECK_MS = 1000;

/**
 * One HTTP or HTTPS listener and its explicit life: start, notice, stop. It closes the listening socket with net's own
 * close and looks after the connections itself, because what `http.Server.close()` does to them depends on the
 * Node version (idle ones closed since 19, silent ones for ever open before 26, time-outs no longer checked).
 */
export class Listener {
  readonly name: string;
  readonly #options: ListenerOptions;
  readonly #server: Server | TlsServer;
  readonly #connections: Connections;
  #state: 'new' | 'started' | 'draining' | 'ended' = 'new';
  #port = 0;
  #atSignal: Counts | undefined;
  #atDrain: Counts | undefined;

  /** An error of the listening socket after it was bound, or its close when nobody asked for it. */
  onError: ((error: Error) => void) | undefined;

  constructor(options: ListenerOptions) {
    this.name = options.name;
    this.#options = options;
    const { handler, certificate, onClientError } = options;
    this.#connections = new Connections({ tls: certificate !== undefined });
    const http = {
      keepAliveTimeout: options.keepAliveTimeoutMs,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    };
    const onRequest: RequestListener = (req, res) => {
      this.#connections.begin(req, res, () => handler(req, res));
    };
    this.#server =
      certificate === undefined
        ? createServer(http, onRequest)
        : createTlsServer({ ...http, ...certificate, minVersion: 'TLSv1.2' }, onRequest);
    // The raw socket in both cases: one whose handshake is under way is a connection that was accepted, too.
    this.#server.on('connection', (socket: Socket) => this.#connections.accept(socket));
    // Before http's own listener, which begins to read requests from it.
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => this.#connections.secure(socket));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const connection = Connection.of(socket);
      if (connection?.lingering) return; // more of what was answered already
      if (connection !== undefined) connection.babble = true;
      // In the middle of another answer nothing can be said any more, and to a client that is gone neither.
      const speechless = error.code === 'ECONNRESET' || !socket.writable || connection?.idle === false;
      if (speechless || onClientError === undefined) socket.destroy();
      else onClientError(error, socket);
    });
  }

  /** The bound port; the configured one before `start()`. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#port;
  }

  /** `performance.now()` of the newest connection or request. */
  get lastTrafficAt(): number {
    return this.#connections.lastTrafficAt;
  }

  set onRequestEnd(callback: (request: TrackedRequest) => void) {
    this.#connections.onRequestEnd = callback;
  }

  /** @throws LifecycleError `LISTENER_STARTED`, `LISTENER_BIND` */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new LifecycleError('LISTENER_STARTED', `listener ${this.name} was started before`);
    }
    this.#state = 'started';
    try {
      await bind(this.#server, this.#options);
    } catch (error) {
      this.#state = 'ended';
      throw error;
    }
    this.#server.on('error', (error) => this.onError?.(error));
    this.#server.on('close', () => this.#unexpectedlyClosed());
    this.#port = this.port;
  }

  /**
   * Takes WebSocket upgrades. The handler owns the socket; `req.shutdown.onDrain` is where it registers its goodbye.
   * What ignores it is cut at the deadline.
   *
   * Upgrades to anything else (Java's HTTP client offers h2c with every request) stay requests: a server may ignore
   * the offer (RFC 9110, 7.8). Node parses no body behind one, so those with a body can't be served.
   */
  onUpgrade(handler: UpgradeHandler): void {
    this.#server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => undefined); // Node has taken its own listener away
      if (req.headers.upgrade?.toLowerCase() === 'websocket') {
        this.#connections.upgrade(req);
        handler(req, socket, head);
      } else if (hasBody(req)) {
        const connection = Connection.of(socket);
        if (connection !== undefined) connection.babble = true;
        socket.resume(); // its body, and its end
        socket.write('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        socket.destroySoon();
      } else {
        // Nobody reads from the socket any more, and a client that goes would stay unnoticed.
        socket.once('end', () => socket.end());
        socket.resume();
        const res = new ServerResponse(req);
        res.assignSocket(socket);
        res.shouldKeepAlive = false;
        res.once('finish', () => socket.destroySoon());
        this.#connections.begin(req, res, () => this.#options.handler(req, res));
      }
    });
  }

  /** New handshakes get the new certificate, connections that are open keep theirs. */
  setCertificate(certificate: Certificate): void {
    (this.#server as TlsServer).setSecureContext({ ...certificate, minVersion: 'TLSv1.2' });
  }

  /** Lame duck: everything is still served, answers say close, handlers know; goodbyes are spread over the window. */
  giveNotice(windowMs: number): void {
    this.#atSignal = this.#connections.counts();
    this.#connections.giveNotice(windowMs);
  }

  /**
   * Closes the listener and waits until its connections have ended by themselves or by the idle rule; what is
   * left at the deadline is cut. Never rejects for a listener that was started.
   *
   * @throws LifecycleError `LISTENER_NOT_STARTED`
   */
  async stop({ keepAliveMinIdleMs, deadline }: DrainOptions): Promise<ListenerResult> {
    if (this.#state !== 'started') {
      throw new LifecycleError('LISTENER_NOT_STARTED', `listener ${this.name} is not open`);
    }
    this.#state = 'draining';
    this.#atDrain = this.#connections.counts();
    const startedAt = performance.now();
    if (!deadline.aborted) await this.#emptyAcceptQueue();
    NetServer.prototype.close.call(this.#server);
    this.#connections.endIdle(keepAliveMinIdleMs);
    await Promise.race([this.#connections.empty(), aborted(deadline)]);
    const cutRequests = this.cut();
    return {
      name: this.name,
      result: cutRequests.length > 0 ? 'cut' : 'closed',
      ms: Math.round(performance.now() - startedAt),
      cutRequests,
    };
  }

  /** Skips the idle wait of a drain that is under way or to come. */
  expedite(): void {
    if (this.#state === 'draining') this.#connections.endIdle(0);
  }

  /** Ends everything at once, counted. For the deadline, and for an operator who can't wait. */
  cut(): RequestSnapshot[] {
    this.#state = 'ended';
    // Age and bytes are read before the sockets go.
    const inFlight = [...this.#connections.inFlight()].map((request) => ({
      request,
      snapshot: this.#snapshot(request),
    }));
    this.#connections.cut();
    return inFlight.filter(({ request }) => request.outcome === 'cut').map(({ snapshot }) => snapshot);
  }

  /** The requests in flight, oldest first. */
  inFlight(): RequestSnapshot[] {
    return [...this.#connections.inFlight()]
      .map((request) => this.#snapshot(request))
      .sort((a, b) => b.ageMs - a.ageMs);
  }

  tally(): Tally {
    return tally(this.#connections.counts(), this.#atSignal, this.#atDrain);
  }

  #unexpectedlyClosed(): void {
    if (this.#state !== 'started') return;
    this.onError?.(new LifecycleError('LISTENER_CLOSED', `listener ${this.name} has closed unexpectedly`));
  }

  #snapshot({ req, res, ageMs, bytesSent }: TrackedRequest): RequestSnapshot {
    const { route, requestId } = this.#options.describe?.(req) ?? {
      route: 'unmatched',
      requestId: undefined,
    };
    const name = res === undefined ? 'upgrade' : route;
    return { listener: this.name, method: req.method ?? '', route: name, ageMs, bytesSent, requestId };
  }

  /**
   * Connections that the kernel has accepted wait in a queue until the event loop takes them, and closing the
   * listener resets them. Several turns without a new one mean that the queue is empty.
   */
  async #emptyAcceptQueue(): Promise<void> {
    const giveUpAt = performance.now() + ACCEPT_QUIET_MAX_MS;
    let seen = this.#connections.accepted;
    for (let quiet = 0; quiet < ACCEPT_QUIET_TURNS && performance.now() < giveUpAt; quiet++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const { accepted } = this.#connections;
      if (accepted !== seen) quiet = -1;
      seen = accepted;
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
