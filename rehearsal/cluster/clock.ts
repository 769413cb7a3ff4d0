/** The clock of a rehearsal: milliseconds since it began. */
export class Clock {
  readonly #monotonicStart: number;
  readonly #wallStart: number;

  constructor() {
    this.#monotonicStart = performance.now();
    this.#wallStart = Date.now();
  }

  get startedAt(): Date {
    return new Date(this.#wallStart);
  }

  now(): number {
    return performance.now() - this.#monotonicStart;
  }

  /** Of a time in a replica's log, which is when it happened; we may have read it later. */
  ofTimestamp(iso: unknown): number {
    const wall = typeof iso === 'string' ? Date.parse(iso) : Number.NaN;
    return Number.isNaN(wall) ? this.now() : wall - this.#wallStart;
  }
}
