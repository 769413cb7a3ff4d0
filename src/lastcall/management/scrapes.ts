/** So many gaps are looked at: one that a curious human shortened, or a missed scrape stretched, is soon forgotten. */
const REMEMBERED_GAPS = 5;
/** A scraper that does not come within this many of its intervals is not coming. */
const PATIENCE = 1.5;

/** Who reads `/metrics`, and how often: the final scrape waits for the next read, if there ever was one. */
export class Scrapes {
  readonly #now: () => number;
  readonly #gapsMs: number[] = [];
  #lastAt: number | undefined;
  #waiting: (() => void)[] = [];

  /** @param now a monotonic clock in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * The scrape interval in milliseconds; undefined before the second read. The longest of the last gaps: a second
   * Prometheus, or somebody with curl, makes gaps shorter but comes no later than the one that is waited for.
   */
  get intervalMs(): number | undefined {
    return this.#gapsMs.length === 0 ? undefined : Math.max(...this.#gapsMs);
  }

  /** Milliseconds since the last read; undefined when there was none. */
  get ageMs(): number | undefined {
    return this.#lastAt === undefined ? undefined : this.#now() - this.#lastAt;
  }

  /** How long waiting for another read makes sense, in milliseconds: 0 if nobody ever read. */
  patienceMs(mostMs: number): number {
    if (this.#lastAt === undefined) return 0;
    return Math.min(mostMs, PATIENCE * (this.intervalMs ?? Infinity));
  }

  /** Resolves at the end of the next read that begins from now on: one that is under way has older numbers. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A read begins; call what it returns when the reader has got all of it. */
  begin(): () => void {
    const at = this.#now();
    const waiting = [...this.#waiting];
    return () => {
      if (this.#lastAt !== undefined) this.#gapsMs.push(Math.max(0, at - this.#lastAt));
      if (this.#gapsMs.length > REMEMBERED_GAPS) this.#gapsMs.shift();
      this.#lastAt = at;
      this.#waiting = this.#waiting.filter((resolve) => !waiting.includes(resolve));
      for (const resolve of waiting) resolve();
    };
  }
}
