import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { loopClock } from '../lifecycle/loop-clock.ts';
import type { TrackedRequest } from './request.ts';

/**
 * How a connection ended: after an answer that said close, by us after it had been idle, as an upgraded socket, by our
 * cut, because we ended it under the client (in the middle of an answer, or while it still sent), refused at once for
 * want of descriptors or as one too many, because its client took nothing of what was sent, or because the client ended
 * it first.
 */
export type ConnectionOutcome =
  'closed' | 'idle' | 'upgraded' | 'cut' | 'broken' | 'refused' | 'stalled' | 'left';

/** Once our side has ended: how long we read on without a byte, and at most. nginx: lingering_timeout, lingering_time. */
const LINGER_IDLE_MS = 1000;
const LINGER_MAX_MS = 10_000;

const NONE: ReadonlySet<TrackedRequest> = new Set();

const CONNECTION = Symbol('connection');
type TrackedSocket = Socket & { [CONNECTION]?: Connection };

/** Requests of a connection that are handled at the same time; those behind them wait, and no more are read. */
const AT_ONCE = 16;
/** Requests that are read to be forgotten, behind an answer that said close. Node keeps each until the connection ends. */
const MOST_IGNORED = 1000;

/** What has to wait until nothing else is in flight on a connection. */
export interface Turn {
  /** A request that it is about, and that it does not wait for. */
  about: TrackedRequest | undefined;
  take: () => void;
}

/** One accepted socket. */
export class Connection {
  /** Where HTTP is spoken: the raw socket, or the TLS socket on top of it once its handshake is done. */
  socket: Socket;
  /** The last request that came, until it is done and read: an idle connection keeps no request alive. */
  newest: TrackedRequest | undefined;
  /** The request that turned it into something else than HTTP. */
  upgraded: TrackedRequest | undefined;
  /** An answer on this connection said `Connection: close`: nothing that arrives later is processed. */
  saidClose = false;
  /** More may arrive that nobody will process: it can't be read as HTTP, or came after the answer that said close. */
  unread = false;
  /** Set when we end the connection for its silence, because nobody reads, at the deadline, or refuse it at once. */
  endedBy: 'idle' | 'stalled' | 'cut' | 'refused' | undefined;
  /** The client has ended its side. It may still wait for an answer. */
  peerEnded = false;
  /** The client was found to be gone. */
  gone = false;
  /** A request on it was destroyed by us. */
  broken = false;
  /** TLS, and its handshake is not done. */
  handshaking = false;
  /** Waits until it is alone on the connection. What comes after it is not processed. */
  turn: Turn | undefined;
  /** What {@link loopClock} had stood still when the connection became what it is, idle or busy. */
  stalledMsThen = loopClock.stalledMs;
  readonly #raw: Socket;
  /** Only while there are any: most connections are idle most of the time. */
  #inFlight: Set<TrackedRequest> | undefined;
  #ignored = 0;
  #held = false;
  #lingering = false;
  #readAtEnd = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#raw = socket;
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
    if (this.endedBy !== undefined && this.endedBy !== 'idle') return this.endedBy;
    if (this.upgraded !== undefined) return 'upgraded';
    if (this.broken || this.#spokeAfterEnd) return 'broken';
    if (this.saidClose) return 'closed';
    return this.endedBy ?? 'left';
  }

  /** Those whose response is not finished, oldest first. */
  get inFlight(): ReadonlySet<TrackedRequest> {
    return this.#inFlight ?? NONE;
  }

  add(request: TrackedRequest): void {
    (this.#inFlight ??= new Set()).add(request);
  }

  /** Returns whether it was in flight. */
  remove(request: TrackedRequest): boolean {
    const was = this.#inFlight?.delete(request) ?? false;
    if (this.#inFlight?.size === 0) this.#inFlight = undefined;
    return was;
  }

  /** The oldest of those in flight: as many as may be handled at the same time. */
  get oldest(): TrackedRequest[] {
    return [...this.inFlight].slice(0, AT_ONCE);
  }

  /** More are in flight than are handled at the same time. */
  get crowded(): boolean {
    return this.inFlight.size > AT_ONCE;
  }

  /** Whether reading was stopped: requests wait, or what comes is not processed. */
  get held(): boolean {
    return this.#held;
  }

  /** Reads no more until {@link goOn}. */
  hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.socket.pause();
    // Node goes on by itself on many occasions: an answer that is written, a body that is read.
    this.socket.resume = stay;
  }

  /** Reads again, unless Node has stopped, too. */
  goOn(): void {
    if (!this.#held) return;
    this.#held = false;
    delete (this.socket as Partial<Socket>).resume;
    this.socket.resume();
  }

  /**
   * A request came behind an answer that says close. Whoever sends more and more of them is not heard out, and waits for
   * what he gets before.
   */
  ignore(req: IncomingMessage): void {
    this.unread = true;
    req.resume();
    if (this.inFlight.size > 0) this.hold();
    else if (++this.#ignored > MOST_IGNORED) this.socket.destroy();
  }

  get idle(): boolean {
    return this.#inFlight === undefined && this.upgraded === undefined && this.turn === undefined;
  }

  get lingering(): boolean {
    return this.#lingering;
  }

  /** Bytes from the client, as they came: a TLS socket counts what it has decrypted, which is a record at a time. */
  get bytesRead(): number {
    return this.#raw.bytesRead;
  }

  /** Bytes on their way to the client that the kernel has not taken yet, encrypted ones over TLS. */
  get unsent(): number {
    return handleOf(this.#raw)?.writeQueueSize ?? 0;
  }

  /** Bytes to the client that the kernel has taken. */
  get sent(): number {
    return (handleOf(this.#raw)?.bytesWritten ?? 0) - this.unsent;
  }

  /** Of the file; -1 where there is none. */
  get descriptor(): number {
    return handleOf(this.#raw)?.fd ?? -1;
  }

  /** Milliseconds that the loop has stood still since the connection became what it is, idle or busy. */
  get stalledMs(): number {
    return loopClock.stalledMs - this.stalledMsThen;
  }

  /** Something failed between us and the client, and not because of us: a reset, a time-out of TCP, bad TLS. */
  get failedByPeer(): boolean {
    if (this.gone) return true;
    const { errored } = this.socket as { errored?: NodeJS.ErrnoException | null };
    if (errored === null || errored === undefined) return false;
    const { syscall, code = '' } = errored;
    return syscall !== undefined || code === 'ECONNRESET' || code.startsWith('ERR_SSL');
  }

  /** Whether something came after we had ended the connection for its silence. */
  get #spokeAfterEnd(): boolean {
    return this.endedBy === 'idle' && this.#lingering && this.socket.bytesRead > this.#readAtEnd;
  }

  /** Ends the connection as soon as everything is written. */
  close(): void {
    Socket.prototype.destroySoon.call(this.socket);
  }

  /** Ends a connection that has been silent, and reads on: what crosses our FIN on its way must not be overlooked. */
  endSilent(): void {
    this.endedBy = 'idle';
    this.#readAtEnd = this.socket.bytesRead;
    if (this.handshaking) this.socket.destroy();
    else this.linger();
  }

  /**
   * Ends a connection whose client takes nothing. With a reset, because the kernel would keep what it has for as long as
   * that client is there.
   */
  endStalled(): void {
    this.endedBy = 'stalled';
    this.gone = true;
    this.#raw.resetAndDestroy();
    this.socket.destroy();
  }

  /**
   * Ends our side and reads on for a while. A socket that is closed while data still arrives answers with a reset,
   * and a reset destroys what the client has not read yet: the very answer that told it to stop sending.
   */
  linger(): void {
    if (this.#lingering) return;
    this.#lingering = true;
    this.goOn();
    const { socket } = this;
    socket.end();
    // When the client ends its side, Node ends ours again and makes an error of it, with a stack, that nobody gets: a
    // fifth of the time in which ten thousand connections end.
    socket.end = endedAlready;
    this.newest?.req.resume();
    socket.setTimeout(LINGER_IDLE_MS);
    socket.on('timeout', () => void this.#destroyIfSilent());
    const timer = setTimeout(() => socket.destroy(), LINGER_MAX_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  async #destroyIfSilent(): Promise<void> {
    const { socket } = this;
    const { bytesRead } = socket;
    await loopClock.look();
    if (socket.bytesRead === bytesRead) socket.destroy();
  }
}

/** What libuv has below a socket; null once that is closed. */
function handleOf(socket: Socket) {
  return (
    socket as Socket & { _handle?: { fd?: number; bytesWritten: number; writeQueueSize: number } | null }
  )._handle;
}

function endedAlready(this: Socket): Socket {
  return this;
}

function stay(this: Socket): Socket {
  return this;
}

function closePolitely(this: TrackedSocket): void {
  const connection = this[CONNECTION];
  if (connection === undefined || connection.lingering) return;
  connection.saidClose = true;
  const unread = connection.unread || connection.newest?.req.complete === false;
  if (unread) connection.linger();
  else connection.close();
}
