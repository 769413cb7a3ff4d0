import type { Connection } from './connection.ts';
import { loopClock } from '../lifecycle/loop-clock.ts';

/** So many are ended between two looks at what has come in: ending takes time, in which others may speak. */
const BATCH = 50;

interface Silence {
  /** On the {@link loopClock}. */
  since: number;
  bytesRead: number;
}

/**
 * Ends connections that have nothing in flight and have sent no byte for a while. All wait equally long, so a queue
 * in the order in which they became idle and one timer, for its head, serve any number of them.
 */
export class IdleReaper {
  readonly #waiting = new Map<Connection, Silence>();
  #minIdleMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reaping = false;

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
    this.#waiting.set(connection, { since: loopClock.now(), bytesRead: connection.bytesRead });
    this.#arm(this.#minIdleMs);
  }

  /** It has a request again, or is gone. */
  delete(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  #arm(ms: number): void {
    if (this.#timer !== undefined || this.#reaping) return;
    this.#timer = setTimeout(() => void this.#reap(), Math.max(0, Math.ceil(ms)));
  }

  async #reap(): Promise<void> {
    this.#timer = undefined;
    this.#reaping = true;
    do await loopClock.look();
    while (this.#endBatch());
    this.#reaping = false;
    const [head] = this.#waiting.values();
    if (head !== undefined) this.#arm(head.since + (this.#minIdleMs ?? 0) - loopClock.now());
  }

  /** Ends the first of those whose time has come, and says whether there may be more. */
  #endBatch(): boolean {
    const silentSince = loopClock.now() - (this.#minIdleMs ?? Infinity);
    let ended = 0;
    for (const [connection, { since, bytesRead }] of this.#waiting) {
      if (since > silentSince) return false;
      if (ended === BATCH) return true;
      if (connection.bytesRead === bytesRead) {
        this.#waiting.delete(connection);
        connection.endSilent();
        ended++;
      } else {
        this.add(connection); // something came after all: half a request
      }
    }
    return false;
  }
}
