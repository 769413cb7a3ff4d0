import { Redis } from 'ioredis';
import type { Parts } from '../variables.ts';

/** What is expensive to find out, kept for a while in a Redis that all replicas have. Without it, everything is only slower. */
export class Cache {
  readonly #redis: Redis;
  readonly #ttlMs: number;
  readonly #lookups: ReturnType<Parts['metrics']['counter']>;

  constructor({ variables, hooks, health, metrics, logger }: Parts) {
    // #region resource
    const { url, ttlMs } = variables.redis;
    this.#ttlMs = ttlMs;
    this.#redis = new Redis(url.href, {
      lazyConnect: true,
      // A cache that is slower than the work that it spares is of no use: no command waits, nor is tried again.
      commandTimeout: 250,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
    });
    this.#redis.on('error', (err: Error) => logger.debug({ err }, 'the cache is away')); // it connects again by itself
    hooks.add({
      name: 'cache',
      start: () => void this.#redis.connect().catch(() => undefined),
      stop: () => this.#redis.disconnect(),
    });
    // Shown, and counted; a service that can do without it stays ready.
    health.add('cache', async () => this.#redis.ping(), { critical: false });
    // #endregion resource
    this.#lookups = metrics.counter('cache_lookups_total', 'Lookups in the cache.', ['result']);
    for (const result of ['hit', 'miss', 'error']) this.#lookups.inc({ result }, 0);
  }

  // #region lookup
  /** The value of a key, or what `load` finds, which is kept then. Rejects as `load` does, never because of the cache. */
  async get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const failed = () => this.#lookups.inc({ result: 'error' });
    const text = await this.#redis.get(key).catch(failed);
    if (typeof text === 'string') {
      this.#lookups.inc({ result: 'hit' });
      return JSON.parse(text) as T;
    }
    if (text === null) this.#lookups.inc({ result: 'miss' });
    const value = await load();
    if (text === null) await this.#redis.set(key, JSON.stringify(value), 'PX', this.#ttlMs).catch(failed);
    return value;
  }
  // #endregion lookup
}
