import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection.ts';
import { sayCloseIfNewest } from './farewell.ts';
import { Goodbyes } from './goodbyes.ts';
import { IdleReaper } from './idle-reaper.ts';
import { type RequestOutcome, TrackedRequest } from './request.ts';
import type { Counts } from './tally.ts';

/**
 * Every connection and request of one listener, each counted once when it comes and once when it ends, so that
 * accepted = answered + aborted + cut (requests) and = closed + idle + upgraded + cut + left (connections)
 * as soon as nothing is open.
 */
export class Connections {
  /** `performance.now()` of the newest connection or request. */
  lastTrafficAt = 0;
  /** Called once per request, when its outcome is known; not for upgrades. */
  onRequestEnd: ((request: TrackedRequest) => void) | undefined;

  readonly #tls: boolean;
  readonly #open = new Set<Connection>();
  /** Connections whose handshake is not done, by the address of the peer. */
  readonly #handshakes = new Map<string, Connection>();
  readonly #reaper = new IdleReaper();
  readonly #goodbyes = new Goodbyes();
  readonly #connections = { accepted: 0, closed: 0, idle: 0, upgraded: 0, cut: 0, left: 0 };
  readonly #requests = { accepted: 0, answered: 0, aborted: 0, cut: 0 };
  #noticed = false;
  #inFlight = 0;
  #onEmpty: (() => void) | undefined;

  constructor({ tls }: { tls: boolean }) {
    this.#tls = tls;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#connections.accepted;
  }

  counts(): Counts {
    return {
      connections: { open: this.#open.size, ...this.#connections },
      requests: { inFlight: this.#inFlight, ...this.#requests },
    };
  }

  /** All requests in flight and all upgraded sockets. */
  *inFlight(): Generator<TrackedRequest> {
    for (const { inFlight, upgraded } of this.#open) {
      yield* inFlight;
      if (upgraded !== undefined) yield upgraded;
    }
  }

  accept(socket: Socket): void {
    const connection = new Connection(socket);
    this.#open.add(connection);
    this.#connections.accepted++;
    this.lastTrafficAt = performance.now();
    this.#reaper.add(connection);
    socket.once('close', () => this.#closed(connection));
    if (!this.#tls) return;
    // Node does not tell which raw socket is below a TLS socket, but both have the same peer.
    const peer = peerOf(socket);
    connection.handshaking = true;
    this.#handshakes.set(peer, connection);
    socket.once('close', () => {
      if (this.#handshakes.get(peer) === connection) this.#handshakes.delete(peer);
    });
  }

  /** The handshake of a connection is done: from now on its TLS socket stands for it. */
  secure(socket: Socket): void {
    const connection = this.#handshakes.get(peerOf(socket));
    if (connection === undefined) {
      socket.destroy(); // the peer was gone before the handshake ended
      return;
    }
    this.#handshakes.delete(peerOf(socket));
    connection.handshaking = false;
    connection.speakOn(socket);
    socket.once('close', () => this.#closed(connection));
  }

  /**
   * Takes charge of a request and hands it to the application, unless it came after an answer that said close: such a
   * request must not be processed (RFC 9112, 9.6), its sender knows that it has to repeat it elsewhere.
   */
  begin(req: IncomingMessage, res: ServerResponse, handle: () => void): void {
    const connection = Connection.of(req.socket);
    if (connection === undefined) throw new Error('a request came on a socket that was never accepted');
    if (connection.farewell) {
      connection.babble = true;
      req.resume();
      return;
    }
    const request = new TrackedRequest(req, res, connection, this.#goodbyes, this.#noticed);
    connection.newest = request;
    connection.inFlight.add(request);
    this.#inFlight++;
    this.#requests.accepted++;
    this.lastTrafficAt = request.startedAt;
    this.#reaper.delete(connection);
    // First in line: Node's own listener may destroy the socket, and "destroyed" is what tells a response that
    // was written from one whose write callbacks were only flushed by an error.
    res.prependListener('finish', () => {
      if (!connection.socket.destroyed) this.#settle(request, 'answered');
    });
    if (!this.#noticed) {
      handle();
      return;
    }
    sayCloseIfNewest(request, res);
    request.start = handle;
    this.#startFirst(connection);
  }

  /** Takes charge of a connection that stops to speak HTTP. */
  upgrade(req: IncomingMessage): void {
    const connection = Connection.of(req.socket);
    if (connection === undefined) throw new Error('an upgrade came on a socket that was never accepted');
    this.lastTrafficAt = performance.now();
    this.#reaper.delete(connection);
    connection.upgraded = new TrackedRequest(req, undefined, connection, this.#goodbyes, this.#noticed);
  }

  /**
   * From the signal on: every request is told, goodbyes are said over the next `spreadMs`, and the newest answer of
   * each connection says close.
   */
  giveNotice(spreadMs: number): void {
    this.#noticed = true;
    this.#goodbyes.spread(spreadMs);
    for (const request of this.inFlight()) {
      if (request.res !== undefined) sayCloseIfNewest(request, request.res);
      request.notice();
    }
  }

  /**
   * The window is over: goodbyes that are left are said now, and from now on each connection that has no request in
   * flight and has sent no byte for `minIdleMs` is ended, counted from this call at the earliest: a request that is
   * on the wire already must not be met by a reset (nginx: keepalive_min_timeout). Silent preconnects and half-sent
   * headers fall under the same rule.
   */
  endIdle(minIdleMs: number): void {
    this.#goodbyes.flush();
    this.#reaper.start(
      minIdleMs,
      [...this.#open].filter(({ idle }) => idle),
    );
  }

  /** Resolves when no connection is open. */
  async empty(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Destroys what is left and counts it. */
  cut(): void {
    this.#reaper.stop();
    for (const connection of this.#open) {
      connection.endedBy ??= connection.idle ? 'idle' : 'cut'; // silence loses nothing
      for (const request of connection.inFlight) {
        // Before the socket is destroyed: that flushes its buffers, and a response cut in half would look written.
        this.#settle(request, request.res?.writableFinished ? 'answered' : 'cut');
      }
      connection.socket.destroy();
      this.#closed(connection);
    }
  }

  /**
   * Once answers say close, pipelined requests are handled one after the other, and each a tick later than it came:
   * only when it is its turn to be answered is it known whether more have come, which a close would turn away.
   */
  #startFirst({ inFlight }: Connection): void {
    const [first] = inFlight;
    if (first?.start === undefined) return;
    const { start } = first;
    first.start = undefined;
    process.nextTick(() => {
      if (first.outcome === undefined) start();
    });
  }

  #settle(request: TrackedRequest, outcome: RequestOutcome): void {
    const { connection } = request;
    if (!connection.inFlight.delete(request)) return;
    request.end(outcome);
    this.#inFlight--;
    this.#requests[outcome]++;
    this.#startFirst(connection);
    if (connection.idle && this.#open.has(connection)) this.#reaper.add(connection);
    this.onRequestEnd?.(request);
  }

  #closed(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    this.#reaper.delete(connection);
    for (const request of connection.inFlight) this.#settle(request, 'aborted');
    connection.upgraded?.end(connection.endedBy === 'cut' ? 'cut' : 'answered');
    this.#connections[connection.outcome]++;
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
