import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection.ts';
import { sayCloseIfNewest } from './close-header.ts';
import type { Gate } from './gate.ts';
import { Goodbyes } from './goodbyes.ts';
import type { Handshakes } from './handshakes.ts';
import { IdleReaper } from './idle-reaper.ts';
import { loopClock } from '../lifecycle/loop-clock.ts';
import { askIfPresent } from './presence.ts';
import { type RequestOutcome, TrackedRequest } from './request.ts';
import { type Counts, noCounts } from '../lifecycle/tally.ts';

export interface ConnectionsOptions {
  /** Of TLS. */
  handshakes: Handshakes | undefined;
  /** Whether there are descriptors left for this socket. */
  admit: (socket: Socket) => boolean;
  gate?: Gate | undefined;
  /** An error that a handler threw at our feet: `request` is undefined when it is about none. */
  onThrow: (error: unknown, request: TrackedRequest | undefined) => void;
}

/**
 * Every connection and request of one listener, each counted once when it comes and once when it ends, so that
 * accepted = answered + aborted + cut + broken (requests) and = the sum of all outcomes (connections) as soon as nothing
 * is open.
 */
export class Connections {
  /** On the {@link loopClock}: the newest connection or request. */
  lastTrafficAt = -Infinity;
  /** Called once per request, when its outcome is known; not for upgrades. */
  onRequestEnd: ((request: TrackedRequest) => void) | undefined;
  /** Called for each request that we broke. */
  onBroken: ((request: TrackedRequest) => void) | undefined;

  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();
  readonly #reaper = new IdleReaper();
  readonly #goodbyes: Goodbyes;
  readonly #counts = noCounts();
  #noticed = false;
  /** Those that have a request to start, while none may. */
  #held: Set<Connection> | undefined;
  /** What the gate has let in meanwhile. */
  #letIn: (() => void)[] = [];
  #onEmpty: (() => void) | undefined;
  /** One for all sockets: an idle connection is little more than what Node keeps of it. */
  readonly #onClose: (this: Socket) => void;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const closed = (connection: Connection) => this.#closed(connection);
    this.#onClose = function () {
      const connection = Connection.of(this);
      if (connection !== undefined) closed(connection);
    };
    this.#goodbyes = new Goodbyes((error) => options.onThrow(error, undefined));
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#counts.connections.accepted;
  }

  counts(): Counts {
    return {
      connections: { ...this.#counts.connections, open: this.#open.size },
      requests: { ...this.#counts.requests },
    };
  }

  /** Those that are open. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#open.values();
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
    this.#counts.connections.accepted++;
    this.lastTrafficAt = loopClock.now();
    this.#watch(connection);
    if (!this.#options.admit(socket)) {
      connection.endedBy = 'refused';
      socket.destroy();
      return;
    }
    this.#reaper.add(connection);
    this.#options.handshakes?.begin(connection);
  }

  /** One was closed before anybody saw it, because as many are open as may be. */
  drop(): void {
    this.#counts.connections.accepted++;
    this.#counts.connections.refused++;
    this.lastTrafficAt = loopClock.now();
  }

  /** The handshake of a connection is done: from now on its TLS socket stands for it. */
  secure(socket: Socket): void {
    const connection = this.#options.handshakes?.done(socket);
    if (connection === undefined) {
      socket.destroy(); // the peer was gone before the handshake ended
      return;
    }
    socket.allowHalfOpen = true;
    connection.speakOn(socket);
    this.#watch(connection);
  }

  /**
   * Takes charge of a request and hands it to the application, unless it came after an answer that said close: such a
   * request must not be processed (RFC 9112, 9.6), its sender knows that it has to repeat it elsewhere. One that comes
   * after we have ended its connection for being silent has crossed our FIN on its way: it is lost, and counted as that.
   *
   * @param isLast whether nothing behind it on the connection may be served
   */
  begin(req: IncomingMessage, res: ServerResponse, handle: () => void, isLast = false): void {
    const connection = connectionOf(req);
    const request = this.#enter(req, res, connection);
    if (request === undefined) return;
    if (isLast) makeLast(connection, res);
    request.start = handle;
    if (connection.crowded) connection.hold();
    if (this.#noticed) {
      sayCloseIfNewest(connection, request, res);
      this.#startFirst(connection);
    } else if (!connection.held) {
      this.#start(request);
    }
  }

  /** As {@link begin}, for a request that the application does not get: its answer is the last of the connection. */
  turnAway(req: IncomingMessage, res: ServerResponse, answer: () => void): void {
    const connection = connectionOf(req);
    if (this.#enter(req, res, connection) === undefined) return;
    makeLast(connection, res);
    answer(); // Node keeps it until those before it are written
  }

  /** Takes charge of a connection that stops to speak HTTP. */
  upgrade(req: IncomingMessage, connection: Connection): TrackedRequest {
    this.lastTrafficAt = loopClock.now();
    this.#reaper.delete(connection);
    const request = new TrackedRequest(req, undefined, connection.socket, this.#goodbyes, this.#noticed);
    connection.upgraded = request;
    return request;
  }

  /**
   * Does something on a connection as soon as nothing else is in flight there, so that answers keep the order of the
   * requests (RFC 9112, 9.3.2): a request that Node's parser does not go on behind, or one that it could not read. What
   * comes later is not processed.
   *
   * @param about a request in flight that is not waited for, because it is what this is about
   */
  takeTurn(connection: Connection, take: () => void, about?: TrackedRequest): void {
    if (connection.turn !== undefined) return;
    connection.turn = { take, about };
    // An answer must not say close because it is the newest: one is to come.
    if (about === undefined) connection.newest = undefined;
    this.#reaper.delete(connection);
    this.#nextTurn(connection);
  }

  /**
   * From the signal on: every request is told, goodbyes are said over the next `spreadMs`, and the newest answer of
   * each connection says close.
   */
  giveNotice(spreadMs: number): void {
    this.#noticed = true;
    this.#goodbyes.spread(spreadMs);
    for (const connection of this.#open) {
      for (const request of connection.inFlight) {
        if (request.res !== undefined) sayCloseIfNewest(connection, request, request.res);
        request.notice();
      }
      connection.upgraded?.notice();
    }
  }

  /** Starts no request until {@link release}; only after the notice. What comes is read and waits. */
  hold(): void {
    this.#held = new Set();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const begin of this.#letIn.splice(0)) begin();
    for (const connection of held) this.#startFirst(connection);
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
        this.#settle(connection, request, request.res?.writableFinished ? 'answered' : 'cut');
      }
      connection.socket.destroy();
      this.#closed(connection);
    }
  }

  /** The socket that it speaks on: the raw one, then the TLS socket on top of it. */
  #watch(connection: Connection): void {
    const { socket } = connection;
    socket.on('close', this.#onClose);
    socket.on('end', onEnd);
  }

  /** Counts a request from here to its answer; undefined if it came too late to be processed. */
  #enter(req: IncomingMessage, res: ServerResponse, connection: Connection): TrackedRequest | undefined {
    if (connection.endedBy === 'idle') {
      this.#lost(req, res, connection);
      return undefined;
    }
    if (connection.saidClose || connection.turn !== undefined) {
      connection.ignore(req);
      return undefined;
    }
    const request = this.#take(req, res, connection);
    // First in line: Node's own listener may destroy the socket, and "destroyed" is what tells a response that
    // was written from one whose write callbacks were only flushed by an error.
    res.prependListener('finish', () => {
      if (!connection.socket.destroyed) this.#settle(connection, request, 'answered');
    });
    return request;
  }

  #take(req: IncomingMessage, res: ServerResponse, connection: Connection): TrackedRequest {
    const request = new TrackedRequest(req, res, connection.socket, this.#goodbyes, this.#noticed);
    connection.newest = request;
    connection.add(request);
    connection.stalledMsThen = loopClock.stalledMs;
    this.#counts.requests.inFlight++;
    this.#counts.requests.accepted++;
    this.lastTrafficAt = request.startedAt - connection.stalledMsThen; // on the loopClock, without asking it again
    this.#reaper.delete(connection);
    return request;
  }

  #lost(req: IncomingMessage, res: ServerResponse, connection: Connection): void {
    req.resume();
    this.#settle(connection, this.#take(req, res, connection), 'broken');
  }

  #start(request: TrackedRequest): void {
    const { start } = request;
    const { gate } = this.#options;
    request.start = undefined;
    if (start === undefined) return;
    if (gate === undefined) this.#begin(request, start);
    else gate.enter(request, () => this.#begin(request, start));
  }

  /** Nothing that a handler throws gets further than here. */
  #begin(request: TrackedRequest, start: () => void): void {
    // It may have waited at the gate: its client has gone by then, or its body turned out to be unreadable.
    if (request.outcome !== undefined || request.res?.headersSent === true) return;
    if (this.#held !== undefined) {
      this.#letIn.push(() => this.#begin(request, start));
      return;
    }
    try {
      start();
    } catch (error) {
      this.#options.onThrow(error, request);
    }
  }

  /**
   * Once answers say close, pipelined requests are handled one after the other, and each a tick later than it came:
   * only when it is its turn to be answered is it known whether more have come, which a close would turn away.
   */
  #startFirst(connection: Connection): void {
    const [first] = connection.inFlight;
    if (first?.start === undefined) return;
    if (this.#held !== undefined) {
      this.#held.add(connection);
      return;
    }
    process.nextTick(() => {
      if (first.outcome === undefined) this.#start(first);
    });
  }

  /** One has ended: the next of those that wait is handled, and when none is left, more are read. */
  #makeRoom(connection: Connection): void {
    const over = connection.saidClose || connection.turn !== undefined;
    if (over ? connection.inFlight.size === 0 : !connection.crowded) connection.goOn();
    if (this.#noticed) return;
    for (const request of connection.oldest.filter(({ start }) => start !== undefined)) {
      process.nextTick(() => {
        if (request.outcome === undefined) this.#start(request);
      });
    }
  }

  /** In a tick of its own: Node's listeners of the response that has just ended come first. */
  #nextTurn(connection: Connection): void {
    const { turn, inFlight } = connection;
    if (turn === undefined || [...inFlight].some((request) => request !== turn.about)) return;
    process.nextTick(() => {
      if (connection.turn !== turn || !this.#open.has(connection)) return;
      connection.turn = undefined;
      if (connection.saidClose) {
        connection.unread = true; // an answer before it has ended the connection
        return;
      }
      try {
        turn.take();
      } catch (error) {
        this.#options.onThrow(error, turn.about ?? connection.upgraded);
        connection.socket.destroy();
      }
    });
  }

  #settle(connection: Connection, request: TrackedRequest, outcome: RequestOutcome): void {
    if (!connection.remove(request)) return;
    request.end(outcome);
    this.#options.gate?.leave(request);
    this.#counts.requests.inFlight--;
    this.#counts.requests[outcome]++;
    if (outcome === 'broken') connection.broken = true;
    if (connection.newest === request && request.req.complete) connection.newest = undefined;
    if (connection.held) this.#makeRoom(connection);
    if (this.#noticed) this.#startFirst(connection);
    this.#nextTurn(connection);
    if (connection.idle && this.#open.has(connection)) {
      connection.stalledMsThen = loopClock.stalledMs;
      if (connection.endedBy === undefined) this.#reaper.add(connection);
    }
    if (outcome === 'broken') this.onBroken?.(request);
    this.onRequestEnd?.(request);
  }

  #closed(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    this.#reaper.delete(connection);
    for (const request of connection.inFlight) {
      // With its answer outstanding, nobody else has closed it but us, unless something failed on the way.
      const left = connection.failedByPeer || (connection.peerEnded && !request.req.complete);
      this.#settle(connection, request, left ? 'aborted' : 'broken');
    }
    connection.upgraded?.end(connection.endedBy === 'cut' ? 'cut' : 'answered');
    this.#counts.connections[connection.outcome]++;
    if (this.#open.size === 0) this.#onEmpty?.();
  }
}

function connectionOf(req: IncomingMessage): Connection {
  const connection = Connection.of(req.socket);
  if (connection === undefined) throw new Error('a request came on a socket that was never accepted');
  return connection;
}

function makeLast(connection: Connection, res: ServerResponse): void {
  connection.saidClose = true;
  connection.unread = true; // more may be on its way, and must not take the answer away
  res.shouldKeepAlive = false;
}

function onEnd(this: Socket): void {
  const connection = Connection.of(this);
  if (connection === undefined) return;
  connection.peerEnded = true;
  if (!connection.idle) askIfPresent(connection);
}
