import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { emptyAcceptQueue } from './accept-queue.ts';
import { bind } from './bind.ts';
import { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { continueWhenRead } from './continue.ts';
import { admitBelowLimit } from './descriptors.ts';
import { Handshakes } from './handshakes.ts';
import type {
  Drainable,
  DrainOptions,
  ListenerResult,
  LostRequest,
  RequestSnapshot,
} from '../lifecycle/drainable.ts';
import { LifecycleError } from '../lifecycle/errors.ts';
import type { Gate } from './gate.ts';
import { loopClock } from '../lifecycle/loop-clock.ts';
import { http } from './node-http.ts';
import { objectionTo, OTHER_EXPECTATION } from './objection.ts';
import { putBackIfPaused } from './paused-parser.ts';
import {
  type ConnectionRefusal,
  type Refusal,
  type Refuse,
  refuseTersely,
  refuseUnreadable,
} from './refusal.ts';
import type { TrackedRequest } from './request.ts';
import { toOriginForm } from './request-target.ts';
import { SlowReaders } from './slow-readers.ts';
import { STRICT } from './strict.ts';
import { type Counts, type Tally, tally } from '../lifecycle/tally.ts';
import { offersUpgrade, onConnect, onUpgrade, type UpgradeHandler } from './upgrades.ts';

export interface ListenerOptions {
  name: string;
  /** Undefined: all interfaces, IPv6 and IPv4. */
  host: string | undefined;
  /** 0 picks a free port. */
  port: number;
  handler: RequestListener;
  /** Classes of requests and responses, in place of Node's own. */
  messages?: Messages;
  /** Makes it HTTPS, TLS 1.2 at least. PEM. */
  certificate?: Certificate | undefined;
  keepAliveTimeoutMs: number;
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /** Most time for a client to take something of what is sent; 0: no limit. */
  sendTimeoutMs?: number;
  /** Most connections, the next are closed at once; 0: no limit. */
  maxConnections?: number;
  /** Says when requests begin; without it, as they come. */
  gate?: Gate | undefined;
  /** Answers in place of the application: what can't be read as HTTP, or a handler that threw. */
  refuse?: Refuse;
  /** Names a request for people: its route template and id. */
  describe?: (req: IncomingMessage) => RequestNames;
}

export type Messages = Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>;

export interface RequestNames {
  route: string;
  requestId: string | undefined;
}

/** A certificate chain and its private key, as PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** Node looks for slow senders only every 30 s by default, which would make a 10 s time-out up to 40 s. */
const TIMEOUT_CHECK_MS = 1000;

/**
 * One HTTP or HTTPS listener and its explicit life: start, notice, stop. It closes the listening socket with net's own
 * close and looks after the connections itself, because what `http.Server.close()` does to them depends on the
 * Node version (idle ones closed since 19, silent ones for ever open before 26, time-outs no longer checked).
 */
export class Listener implements Drainable {
  readonly name: string;
  readonly #options: ListenerOptions;
  readonly #server: Server | TlsServer;
  readonly #connections: Connections;
  readonly #slowReaders: SlowReaders;
  #state: 'new' | 'started' | 'draining' | 'ended' = 'new';
  #port = 0;
  #atSignal: Counts | undefined;
  #atDrain: Counts | undefined;
  /** Broken since the drain began. */
  readonly #broken: LostRequest[] = [];

  /** An error of the listening socket after it was bound, or its close when nobody asked for it. */
  onError: ((error: Error) => void) | undefined;
  /** An error that a handler threw, or a goodbye; the request is undefined for the latter. */
  onThrow: ((error: unknown, request: RequestSnapshot | undefined) => void) | undefined;
  /** A connection was refused. */
  onRefused: ((reason: ConnectionRefusal) => void) | undefined;
  /** Something was refused, with this status, that is no request: see refusal.ts. */
  onRefusedRequest: ((status: number) => void) | undefined;
  /** A connection was ended, because its client took nothing of what was sent. */
  onStalled: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    this.name = options.name;
    this.#options = options;
    const { handler, certificate } = options;
    const admit = admitBelowLimit();
    // What comes before the headers takes no longer than they may.
    const handshakes =
      certificate && new Handshakes(options.headersTimeoutMs, () => this.onRefused?.('handshake'));
    this.#connections = new Connections({
      handshakes,
      gate: options.gate,
      admit: (socket) => {
        const admitted = admit(socket);
        if (!admitted) this.onRefused?.('descriptors');
        return admitted;
      },
      onThrow: (error, request) => this.#threw(error, request),
    });
    this.#slowReaders = new SlowReaders(options.sendTimeoutMs ?? 0, this.#connections, () =>
      this.onStalled?.(),
    );
    this.#connections.onBroken = (request) => {
      if (this.#atDrain !== undefined) this.#broken.push({ ...this.#snapshot(request), outcome: 'broken' });
    };
    const settings: ServerOptions = {
      ...options.messages,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      ...STRICT, // objectionTo looks for the Host
    };
    const turnAway = (req: IncomingMessage, res: ServerResponse, refusal: Refusal) =>
      this.#connections.turnAway(req, res, () => this.#refuse(refusal, res));
    const onRequest: RequestListener = (req, res) => {
      // Node destroys the connection of a PRI, and with it the answers to requests before it.
      if (req.method === 'PRI') req.method = '_OTHER';
      const objection = objectionTo(req);
      if (objection !== undefined) return turnAway(req, res, objection);
      toOriginForm(req);
      this.#connections.begin(req, res, () => handler(req, res), offersUpgrade(req));
    };
    this.#server =
      certificate === undefined
        ? http.createServer(settings, onRequest)
        : createTlsServer(
            { ...settings, ...certificate, minVersion: 'TLSv1.2', allowHalfOpen: true },
            onRequest,
          );
    // Node would leave out those behind the thousandth, a length of the body or a second `Host`; their size is limited.
    this.#server.maxHeadersCount = 0;
    // A client that has ended its side after its request still waits for the answer: `nc -N`, scripts, some proxies.
    (this.#server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.#server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      continueWhenRead(req, res);
      onRequest(req, res);
    });
    // Node would answer itself, where nobody counts it.
    this.#server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
      turnAway(req, res, objectionTo(req) ?? OTHER_EXPECTATION);
    });
    if (options.maxConnections) this.#server.maxConnections = options.maxConnections;
    this.#server.on('drop', () => {
      this.#connections.drop();
      this.onRefused?.('limit');
    });
    // The raw socket in both cases: one whose handshake is under way is a connection that was accepted, too.
    this.#server.on('connection', (socket: Socket) => this.#connections.accept(socket));
    // A TLS socket takes this from the raw one: who leaves in its handshake waits for no answer.
    if (certificate !== undefined) this.#server.prependListener('connection', endWithPeer);
    // Before http's own listener, which begins to read requests from it.
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => this.#connections.secure(socket));
    this.#server.on('connect', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      onConnect(this.#connections, { req, socket, head }, this.#refuse);
    });
    this.#server.on('timeout', (socket: Socket) => void this.#timedOut(socket));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const connection = Connection.of(socket);
      if (connection === undefined) {
        handshakes?.failed(error, socket);
      } else if (!connection.lingering && !putBackIfPaused(error, socket)) {
        void refuseUnreadable(this.#connections, connection, error, this.#refuse);
      }
    });
  }

  /** The bound port; the configured one before `start()`. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#port;
  }

  /** Of the newest connection or request, on the loopClock. */
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
    this.#slowReaders.start();
  }

  /**
   * Takes WebSocket upgrades. The handler owns the socket; `req.shutdown.onDrain` is where it registers its goodbye.
   * What ignores it is cut at the deadline. Other upgrades stay requests, see upgrades.ts.
   */
  onUpgrade(upgrade: UpgradeHandler): void {
    const { handler: serve } = this.#options;
    this.#server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      onUpgrade(this.#connections, { req, socket, head }, { upgrade, serve, refuse: this.#refuse });
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
    // Requests are read meanwhile and not started: whatever else runs makes the moment longer between the last look
    // into the queue and the close, in which who comes is reset.
    this.#connections.hold();
    if (!deadline.aborted) await emptyAcceptQueue(() => this.#connections.accepted, deadline);
    NetServer.prototype.close.call(this.#server);
    this.#connections.release();
    this.#connections.endIdle(keepAliveMinIdleMs);
    await Promise.race([this.#connections.empty(), aborted(deadline)]);
    const cutRequests = this.cut();
    return {
      name: this.name,
      // A connection whose client still spoke when we ended it is no clean one, even if no request came of it.
      result: cutRequests.length > 0 || this.#brokenConnections > 0 ? 'cut' : 'closed',
      ms: Math.round(performance.now() - startedAt),
      cutRequests,
    };
  }

  /** Skips the idle wait of a drain that is under way or to come. */
  expedite(): void {
    if (this.#state === 'draining') this.#connections.endIdle(0);
  }

  /** Ends everything at once, counted; returns all that was lost. For the deadline, and for an operator who can't wait. */
  cut(): LostRequest[] {
    this.#state = 'ended';
    this.#slowReaders.stop();
    // Age and bytes are read before the sockets go.
    const inFlight = [...this.#connections.inFlight()].map((request) => ({
      request,
      snapshot: { ...this.#snapshot(request), outcome: 'cut' as const },
    }));
    this.#connections.cut();
    const cut = inFlight.filter(({ request }) => request.outcome === 'cut').map(({ snapshot }) => snapshot);
    return [...this.#broken, ...cut];
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

  /** Since the drain began. */
  get #brokenConnections(): number {
    return this.#connections.counts().connections.broken - (this.#atDrain?.connections.broken ?? 0);
  }

  #unexpectedlyClosed(): void {
    if (this.#state !== 'started') return;
    this.onError?.(new LifecycleError('LISTENER_CLOSED', `listener ${this.name} has closed unexpectedly`));
  }

  readonly #refuse: Refuse = (refusal, to) => {
    const { refuse = refuseTersely } = this.#options;
    if (!(to instanceof http.ServerResponse)) this.onRefusedRequest?.(refusal.status);
    refuse(refusal, to);
  };

  #threw(error: unknown, request: TrackedRequest | undefined): void {
    this.onThrow?.(error, request === undefined ? undefined : this.#snapshot(request));
    const { res, socket } = request ?? {};
    if (res === undefined || res.headersSent) socket?.destroy();
    else this.#refuse({ status: 500, detail: 'the request could not be handled' }, res);
  }

  /**
   * Keep-alive's time-out, or one that the application has set on a request. The first is for silence, so what has come
   * is read first, and the time in which the loop stood still does not count.
   */
  async #timedOut(socket: Socket): Promise<void> {
    const connection = Connection.of(socket);
    if (connection === undefined || connection.lingering) return;
    if (!connection.idle) {
      const asked = [...connection.inFlight].some(
        ({ req, res }) => req.listenerCount('timeout') + (res?.listenerCount('timeout') ?? 0) > 0,
      );
      if (!asked) socket.destroy(); // as Node does
      return;
    }
    const { bytesRead, stalledMs } = connection;
    await loopClock.look();
    if (!connection.idle || connection.bytesRead !== bytesRead || connection.endedBy !== undefined) return;
    connection.stalledMsThen += stalledMs;
    if (stalledMs > 0) socket.setTimeout(stalledMs);
    else connection.endSilent();
  }

  #snapshot({ req, res, ageMs, bytesSent }: TrackedRequest): RequestSnapshot {
    const { route, requestId } = this.#options.describe?.(req) ?? {
      route: 'unmatched',
      requestId: undefined,
    };
    const name = res === undefined ? 'upgrade' : route;
    return { listener: this.name, method: req.method ?? '', route: name, ageMs, bytesSent, requestId };
  }
}

function endWithPeer(socket: Socket): void {
  socket.allowHalfOpen = false;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
