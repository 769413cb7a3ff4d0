import { Socket } from 'node:net';
import type { TrackedRequest } from './request.ts';

/**
 * How a connection ended: after an answer that said close, by our idle rule, as an upgraded socket, by our cut, or
 * because the client (or the keep-alive timeout) ended it first.
 */
export type ConnectionOutcome = 'closed' | 'idle' | 'upgraded' | 'cut' | 'left';

/** After an early answer: how long we read on without a byte, and at most. nginx: lingering_timeout, lingering_time. */
const LINGER_IDLE_MS = 1000;
const LINGER_MAX_MS = 10_000;

const CONNECTION = Symbol('connection');
type TrackedSocket = Socket & { [CONNECTION]?: Connection };

/** One accepted socket. */
export class Connection {
  /** Where HTTP is spoken: the raw socket, or the TLS socket on top of it once its handshake is done. */
  socket: Socket;
  /** Those whose response is not finished, oldest first. */
  readonly inFlight = new Set<TrackedRequest>();
  newest: TrackedRequest | undefined;
  /** The request that turned it into something else than HTTP. */
  upgraded: TrackedRequest | undefined;
  /** An answer on this connection said `Connection: close`: nothing that arrives later is processed. */
  farewell = false;
  /** What arrived can't be read as HTTP, or came after the farewell: there may be more of it. */
  babble = false;
  /** Set when we end the connection in the drain. */
  endedBy: 'idle' | 'cut' | undefined;
  /** TLS, and its handshake is not done. */
  handshaking = false;
  #lingering = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.speakOn(socket);
  }

  speakOn(socket: Socket): void {
    this.socket = socket;
    (socket as TrackedSocket)[CONNECTION] = this;
    // What Node calls when an answer that says close is written.
    socket.destroySoon = closePolitely;
  }

  static of(socket: Socket): Connection | undefined {
    return (socket as TrackedSocket)[CONNECTION];
  }

  get outcome(): ConnectionOutcome {
    if (this.endedBy === 'cut') return 'cut';
    if (this.upgraded !== undefined) return 'upgraded';
    if (this.farewell) return 'closed';
    return this.endedBy ?? 'left';
  }

  get idle(): boolean {
    return this.inFlight.size === 0 && this.upgraded === undefined;
  }

  get lingering(): boolean {
    return this.#lingering;
  }

  /** Ends the connection as soon as everything is written. */
  close(): void {
    if (this.handshaking) this.socket.destroy();
    else Socket.prototype.destroySoon.call(this.socket);
  }

  /**
   * Ends our side and reads on for a while. A socket that is closed while data still arrives answers with a reset,
   * and a reset destroys what the client has not read yet: the very answer that told it to stop sending.
   */
  linger(): void {
    this.#lingering = true;
    const { socket } = this;
    socket.end();
    this.newest?.req.resume();
    socket.setTimeout(LINGER_IDLE_MS, () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), LINGER_MAX_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}

function closePolitely(this: TrackedSocket): void {
  const connection = this[CONNECTION];
  if (connection === undefined || connection.lingering) return;
  connection.farewell = true;
  const unread = connection.babble || connection.newest?.req.complete === false;
  if (unread) connection.linger();
  else connection.close();
}
