import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';

/** What a kept connection has been through. */
export interface History {
  /** Answers that came on it. */
  answers: number;
  /** Since the last of them. */
  idleMs: number;
}

export interface KeepAliveParts {
  /** A new connection. */
  connect: () => Socket;
  /** Milliseconds. */
  now: () => number;
  /** The other side has closed a connection that was idle, and has not said so in its last answer. */
  onClosed: (socket: Socket, history: History) => void;
}

interface Kept {
  answers: number;
  /** Undefined while a request is on it. */
  idleSinceMs: number | undefined;
  /** Read until the end of the last answer. */
  bytesRead: number;
}

/** A client that keeps its connections: each goes where the Service sends it, and stays there. */
export class KeepAliveClient extends Agent {
  readonly #parts: KeepAliveParts;
  readonly #kept = new WeakMap<Socket, Kept>();

  constructor(parts: KeepAliveParts) {
    super({ keepAlive: true, scheduling: 'fifo' });
    this.#parts = parts;
  }

  override createConnection(_options: ClientRequestArgs): Socket {
    const socket = this.#parts.connect();
    const closed = () => {
      const history = this.#historyOf(socket);
      if (history !== undefined) this.#parts.onClosed(socket, history);
    };
    // Not `close`: that comes of the client's own end, too.
    socket.once('end', closed);
    socket.once('error', closed);
    return socket;
  }

  /**
   * A request is about to be sent.
   *
   * @returns what the connection has been through, if it is not new; `stray`: something has come that nobody asked for
   */
  begin(socket: Socket): (History & { stray: boolean }) | undefined {
    const kept = this.#kept.get(socket);
    const history = this.#historyOf(socket);
    if (kept === undefined || history === undefined) return undefined;
    kept.idleSinceMs = undefined;
    return { ...history, stray: socket.bytesRead > kept.bytesRead };
  }

  /** Its answer has come. */
  answered(socket: Socket, close: boolean): void {
    if (close) {
      this.#kept.delete(socket);
      return;
    }
    const answers = (this.#kept.get(socket)?.answers ?? 0) + 1;
    this.#kept.set(socket, { answers, idleSinceMs: this.#parts.now(), bytesRead: socket.bytesRead });
  }

  #historyOf(socket: Socket): History | undefined {
    const { answers = 0, idleSinceMs } = this.#kept.get(socket) ?? {};
    return idleSinceMs === undefined ? undefined : { answers, idleMs: this.#parts.now() - idleSinceMs };
  }
}
