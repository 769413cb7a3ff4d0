/** How often the limit is thought over. */
const WINDOW_MS = 50;
/** A loop that idles more than this is not overloaded, however long one of its turns was. */
const IDLE = 0.05;
/** At most so much is taken off at once: one long turn may have had a reason of its own. */
const LEAST_FACTOR = 0.5;
const GROWTH = 1.1;

export interface Turn {
  /** `performance.now()` at its end. */
  now: number;
  /** What was done in it, new requests aside. */
  workedMs: number;
  /** How long the loop has idled since the process was started. */
  idledMs: number;
}

/**
 * How many requests may be in flight, so that the event loop stays in time: what they do after they have waited for
 * something is done in its turns, before anything new begins. There is no limit until it is late.
 *
 * It looks at the loop and not at how long requests take, which says nothing where some are slow by nature.
 */
export class WorkLimit {
  readonly #mostTurnMs: number;
  #limit = Infinity;
  #inFlight = 0;
  #wasFull = false;
  /** Of the window. */
  #since: number;
  #idledMs = 0;
  #longestMs = 0;
  #peak = 0;

  /** @param mostTurnMs how long a turn of the loop may take */
  constructor(mostTurnMs: number, now: number) {
    this.#mostTurnMs = mostTurnMs;
    this.#since = now;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether the next has to wait. */
  isFull(): boolean {
    const full = this.#inFlight >= this.#limit;
    this.#wasFull ||= full;
    return full;
  }

  enter(): void {
    this.#inFlight++;
    this.#peak = Math.max(this.#peak, this.#inFlight);
  }

  leave(): void {
    this.#inFlight--;
  }

  /** A turn of the loop is over. */
  turned({ now, workedMs, idledMs }: Turn): void {
    this.#longestMs = Math.max(this.#longestMs, workedMs);
    const windowMs = now - this.#since;
    if (windowMs < WINDOW_MS) return;
    const isLate = this.#longestMs > this.#mostTurnMs && idledMs - this.#idledMs < IDLE * windowMs;
    if (isLate) {
      const factor = Math.max(LEAST_FACTOR, this.#mostTurnMs / this.#longestMs);
      this.#limit = Math.max(1, Math.min(this.#limit, factor * this.#peak));
    } else if (this.#wasFull) {
      this.#limit = GROWTH * this.#limit + 1;
    } else if (this.#peak < this.#limit / 2) {
      this.#limit = Infinity;
    }
    this.#since = now;
    this.#idledMs = idledMs;
    this.#longestMs = 0;
    this.#peak = this.#inFlight;
    this.#wasFull = false;
  }
}
