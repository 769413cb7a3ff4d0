/** So many gaps are looked at: one that a curious human shortened, or a missed scrape stretched, is soon forgotten. */
const REMEMBERED_GAPS = 5;
/** A scraper that does not come within this many of its intervals is not coming. */
const PATIENCE = 1.5;
/** One that was silent for this many of its intervals has gone; a late event loop alone may miss one or two. */
const SILENCE = 3;
const SILENCE_LEAST_MS = 10_000;
/** The same for a scraper that came once. Intervals longer than two minutes would leave gaps in Prometheus. */
const SILENCE_OF_ONE_MS = 120_000;
/** Reads that make a scraper of somebody who has not said so. */
const REGULAR_READS = 3;
/** Who was silent for longest makes room. */
const REMEMBERED_READERS = 8;

interface ReaderState {
  lastAt: number;
  gapsMs: number[];
  scraper: boolean;
}

/** Who reads: a text that is the same at the next read. */
export interface Reader {
  id: string;
  /** It says itself that it scrapes, and will come again; of others this is known at their third read. */
  scraper: boolean;
}

/**
 * Who reads `/metrics`, and how often: the final scrape waits for the next read of each reader that comes regularly. Two
 * replicas of Prometheus are two readers, and what one of them has missed the other can't tell it.
 */
export class Scrapes {
  readonly #now: () => number;
  readonly #readers = new Map<string, ReaderState>();
  #waiting: { ids: Set<string>; resolve: () => void }[] = [];

  /** @param now a monotonic clock in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Those that are expected to come again. */
  get readers(): number {
    return this.#expected().length;
  }

  /** The scrape interval in milliseconds, of the slowest reader that is expected; undefined while none is known. */
  get intervalMs(): number | undefined {
    const known = this.#expected().flatMap(([, reader]) => intervalOf(reader) ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Milliseconds since the last read, whoever read; undefined when there was none. */
  get ageMs(): number | undefined {
    if (this.#readers.size === 0) return undefined;
    return this.#now() - Math.max(...[...this.#readers.values()].map(({ lastAt }) => lastAt));
  }

  /** How long waiting for further reads makes sense, in milliseconds: 0 if nobody is expected. */
  patienceMs(mostMs: number): number {
    const patience = this.#expected().map(([, reader]) => PATIENCE * (intervalOf(reader) ?? Infinity));
    return Math.min(mostMs, Math.max(0, ...patience));
  }

  /**
   * Resolves when each of those that are expected has read again, from now on: a read that is under way has older
   * numbers. At once if there is nobody.
   */
  async next(): Promise<void> {
    const ids = new Set(this.#expected().map(([id]) => id));
    if (ids.size === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push({ ids, resolve }));
  }

  /** A read begins; call what it returns when the reader has got all of it. */
  begin({ id, scraper }: Reader): () => void {
    const at = this.#now();
    const waiting = [...this.#waiting];
    return () => {
      const reader = this.#readers.get(id) ?? { lastAt: at, gapsMs: [], scraper };
      if (this.#readers.delete(id)) reader.gapsMs.push(Math.max(0, at - reader.lastAt));
      if (reader.gapsMs.length > REMEMBERED_GAPS) reader.gapsMs.shift();
      this.#readers.set(id, { ...reader, lastAt: at, scraper }); // the last of the map is the one that came last
      const [longestSilent = ''] = this.#readers.keys();
      if (this.#readers.size > REMEMBERED_READERS) this.#readers.delete(longestSilent);
      for (const { ids, resolve } of waiting) {
        ids.delete(id);
        if (ids.size === 0) resolve();
      }
      this.#waiting = this.#waiting.filter(({ ids }) => ids.size > 0);
    };
  }

  #expected(): [id: string, reader: ReaderState][] {
    const now = this.#now();
    return [...this.#readers].filter(([, reader]) => {
      if (!reader.scraper && reader.gapsMs.length < REGULAR_READS - 1) return false;
      const intervalMs = intervalOf(reader);
      const silentMs =
        intervalMs === undefined ? SILENCE_OF_ONE_MS : Math.max(SILENCE_LEAST_MS, SILENCE * intervalMs);
      return now - reader.lastAt <= silentMs;
    });
  }
}

/** The longest of the last gaps: somebody at the same address with curl makes gaps shorter, not longer. */
function intervalOf({ gapsMs }: ReaderState): number | undefined {
  return gapsMs.length === 0 ? undefined : Math.max(...gapsMs);
}
