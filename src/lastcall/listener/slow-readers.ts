import type { Connection } from './connection.ts';
import { loopClock } from '../lifecycle/loop-clock.ts';
import { sendQueues } from './send-queues.ts';

/** How often one looks in the course of a time-out, which may be exceeded by the time between two looks, and a little. */
const LOOKS = 4;

interface Progress {
  /** Bytes that the kernel has taken, and those that the client has, when it is known. */
  sent: number;
  taken: number | undefined;
  /** Of the last time that either became more, on the {@link loopClock}. */
  at: number;
}

/**
 * Ends connections whose client takes nothing of what is sent for `timeoutMs`, as nginx's send_timeout: between two reads,
 * not for a whole answer. One timer looks at all of them, and remembers only those that have something to take.
 */
export class SlowReaders {
  readonly #timeoutMs: number;
  readonly #connections: Iterable<Connection>;
  readonly #onStalled: () => void;
  #waiting = new Map<Connection, Progress>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param timeoutMs 0: never */
  constructor(timeoutMs: number, connections: Iterable<Connection>, onStalled: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#connections = connections;
    this.#onStalled = onStalled;
  }

  start(): void {
    if (this.#timeoutMs > 0) this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look(), this.#timeoutMs / LOOKS).unref();
  }

  async #look(): Promise<void> {
    await loopClock.look();
    const before = this.#waiting;
    this.#waiting = new Map();
    for (const connection of this.#connections) {
      if (connection.unsent === 0) continue;
      const { sent } = connection;
      const last = before.get(connection);
      const same = last?.sent === sent ? last : { sent, taken: undefined, at: loopClock.now() };
      this.#waiting.set(connection, same);
    }
    await this.#judge(
      [...this.#waiting].filter(([connection, progress]) => before.get(connection) === progress),
    );
    this.#arm();
  }

  /** Those to whom the kernel could send nothing since the last look. */
  async #judge(suspects: [Connection, Progress][]): Promise<void> {
    if (suspects.length === 0) return;
    const queues = await sendQueues(suspects.map(([{ descriptor }]) => descriptor));
    for (const [connection, progress] of suspects) {
      if (connection.unsent === 0) continue; // meanwhile
      const queue = queues.get(connection.descriptor);
      const taken = queue === undefined ? undefined : progress.sent - queue;
      const more = taken !== undefined && progress.taken !== undefined && taken > progress.taken;
      progress.taken = taken;
      if (more || connection.sent > progress.sent) {
        progress.at = loopClock.now();
      } else if (loopClock.now() - progress.at >= this.#timeoutMs) {
        connection.endStalled();
        this.#onStalled();
      }
    }
  }
}
