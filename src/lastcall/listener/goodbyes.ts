/**
 * The goodbyes of long-lived streams and upgraded sockets. They are called one after the other, spread over the
 * window: ten thousand clients that are told in one moment come back in one moment, to the pods that are left.
 */
export class Goodbyes {
  readonly #pending = new Map<() => void, NodeJS.Timeout | undefined>();
  #state: 'quiet' | 'spreading' | 'over' = 'quiet';
  #until = 0;
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  /** Returns what takes it back. One that is added in the window gets a moment in what is left of it. */
  add(goodbye: () => void): () => void {
    const once = () => {
      if (!this.#forget(once)) return;
      try {
        goodbye();
      } catch (error) {
        this.#onThrow(error);
      }
    };
    this.#pending.set(once, undefined);
    if (this.#state === 'over') this.#say(once, 0);
    if (this.#state === 'spreading') {
      this.#say(once, Math.max(0, this.#until - performance.now()) * Math.random());
    }
    return () => void this.#forget(once);
  }

  /** Begins to say goodbye, in the order of registration, evenly over `overMs`. */
  spread(overMs: number): void {
    this.#state = 'spreading';
    this.#until = performance.now() + overMs;
    const gapMs = overMs / this.#pending.size;
    let nth = 0;
    for (const goodbye of this.#pending.keys()) this.#say(goodbye, gapMs * nth++);
  }

  /** Says those that are left now: the window is over. */
  flush(): void {
    this.#state = 'over';
    for (const goodbye of this.#pending.keys()) this.#say(goodbye, 0);
  }

  #say(goodbye: () => void, inMs: number): void {
    clearTimeout(this.#pending.get(goodbye));
    // Each from a timer of its own, so that one that throws does not take the others with it.
    this.#pending.set(goodbye, setTimeout(goodbye, inMs));
  }

  #forget(goodbye: () => void): boolean {
    clearTimeout(this.#pending.get(goodbye));
    return this.#pending.delete(goodbye);
  }
}
