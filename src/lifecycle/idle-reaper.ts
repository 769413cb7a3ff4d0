import type { Connection } from './connection.ts';

/**
 * Ends connections that have nothing in flight and have sent no byte for a while. All wait equally long, so a queue
 * in the order in which they became idle and one timer, for its head, serve any number of them.
 */
export class IdleReaper {
  readonly #waiting = new Map<Connection, { since: number; bytesRead: number }>();
  #minIdleMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** From now on; a second call starts the wait anew with another time. */
  start(minIdleMs: number, idle: Iterable<Connection>): void {
    this.stop();
    this.#minIdleMs = minIdleMs;
    for (const connection of idle) this.add(connection);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.#minIdleMs = undefined;
  }

  /** A connection has become idle. */
  add(connection: Connection): void {
    if (this.#minIdleMs === undefined) return;
    this.#waiting.delete(connection);
    this.#waiting.set(connection, { since: performance.now(), bytesRead: connection.socket.bytesRead });
    if (this.#timer === undefined) this.#arm(this.#minIdleMs);
  }

  /** It has a request again, or is gone. */
  delete(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#reap(this.#minIdleMs ?? 0), Math.max(0, Math.ceil(ms)));
  }

  #reap(minIdleMs: number): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [connection, { since, bytesRead }] of this.#waiting) {
      if (since + minIdleMs > now) {
        this.#arm(since + minIdleMs - now);
        return;
      }
      if (connection.socket.bytesRead === bytesRead) {
        this.#waiting.delete(connection);
        connection.endedBy = 'idle';
        connection.close();
      } else {
        this.add(connection); // something came after all: half a request
      }
    }
  }
}
