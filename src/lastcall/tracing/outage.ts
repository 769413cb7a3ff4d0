import type { Logger } from 'pino';

/** Tells when the collector takes no more of something, and when it does again: an hour without it is two lines. */
export class Outage {
  readonly #what: string;
  readonly #logger: Logger;
  #lasting = false;

  /** @param what `traces`, `metrics` */
  constructor(what: string, logger: Logger) {
    this.#what = what;
    this.#logger = logger;
  }

  /** @param reason why it has not taken what it was sent; undefined: it has */
  tell(reason: string | undefined): void {
    const failing = reason !== undefined;
    if (failing === this.#lasting) return;
    this.#lasting = failing;
    if (failing) this.#logger.warn({ event: 'tracing', reason }, `${this.#what} are lost: ${reason}`);
    else this.#logger.info({ event: 'tracing' }, `${this.#what} are delivered again`);
  }
}
