import { TargetConnection } from './target-connection.ts';

/** Connections that wait for the next request, per target. */
const MAX_IDLE = 256;

/** The connections to one origin. There is no limit of those in use: each has a request of a client's. */
export class TargetPool {
  session: Buffer | undefined;
  readonly #origin: string;
  readonly #open = new Set<TargetConnection>();
  /** The one that was used last is at the end, and goes first: the others may grow old and close. */
  readonly #idle: TargetConnection[] = [];

  /** @param origin `http://a:8000`, without a path */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /**
   * A connection for one request: the one that was used last, if that was no longer than `idleMs` ago, else a new one.
   */
  take(idleMs: number): TargetConnection {
    const last = this.#idle.at(-1);
    if (last !== undefined && performance.now() - last.idleSince <= idleMs) {
      this.#idle.pop();
      return last;
    }
    const connection = new TargetConnection(this.#origin, this);
    this.#open.add(connection);
    return connection;
  }

  onIdle(connection: TargetConnection): void {
    this.#idle.push(connection);
    if (this.#idle.length > MAX_IDLE) this.#idle.shift()?.destroy(new Error('too many idle connections'));
  }

  onGone(connection: TargetConnection): void {
    this.#open.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  close(): void {
    this.#idle.length = 0;
    for (const connection of this.#open) connection.destroy(new Error('the gateway has closed'));
  }
}
