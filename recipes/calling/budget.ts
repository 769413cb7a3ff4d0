/** A retry is worth as much as so many requests. */
const PRICE = 10;
/** Saved at most, and there at the start: a quiet service may try again, too. */
const MOST = 10 * PRICE;

/**
 * How many retries there may be: one for every ten requests, and ten more. A service that fails altogether then gets a
 * tenth more of requests, not twice as many.
 */
export class RetryBudget {
  #saved = MOST;

  /** Counts a request. */
  earn(): void {
    this.#saved = Math.min(MOST, this.#saved + 1);
  }

  /** Whether there may be a retry, which is then counted. */
  spend(): boolean {
    if (this.#saved < PRICE) return false;
    this.#saved -= PRICE;
    return true;
  }
}
