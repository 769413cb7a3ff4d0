import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type QueryResultRow } from 'pg';
import type { Parts } from '../variables.ts';
import { MIGRATIONS, schemaVersion } from './migrations.ts';
import { type Query, queryBy } from './query.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** The pool of the service, opened, looked after and closed with it. */
export class Database {
  readonly #pool: Pool;
  readonly #url: URL;
  readonly #query: Query;

  constructor({ config, variables, hooks, health, logger }: Parts) {
    // #region resource
    const { url, poolSize, startTimeoutMs } = variables.postgres;
    this.#pool = new Pool({
      connectionString: url.href,
      max: poolSize,
      application_name: config.service.pod,
      // An answer that takes longer is of no use to a client. Without them, a database that hangs holds every request.
      connectionTimeoutMillis: 2000,
      statement_timeout: 5000,
    });
    // Of a connection that nobody uses: the pool replaces it, and without a listener its end would be that of the process.
    this.#pool.on('error', (err) => logger.warn({ err }, 'an idle connection of the database broke'));
    hooks.add({
      name: 'postgres',
      start: async (signal) => this.#ready(signal, startTimeoutMs, (reason) => logger.info(reason)),
      stop: async () => this.#pool.end(),
    });
    health.add('postgres', async () => this.#pool.query('select 1'));
    // #endregion resource
    this.#url = url;
    this.#query = queryBy(this.#pool, url);
  }

  /** One statement, by itself; its rows. */
  async query<R extends QueryResultRow>(sql: string, values: unknown[]): Promise<R[]> {
    return (await this.#query<R>(sql, values)).rows;
  }

  // #region transaction
  /** Runs a function in a transaction, which it rolls back by throwing. */
  async transaction<T>(run: (query: Query) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const query = queryBy(client, this.#url);
    let broken: Error | undefined;
    try {
      await query('begin');
      const result = await run(query);
      await query('commit');
      return result;
    } catch (error) {
      // Where not even a rollback arrives, the connection is of no use to anybody else.
      await query('rollback').catch((reason: Error) => (broken = reason));
      throw error;
    } finally {
      client.release(broken);
    }
  }
  // #endregion transaction

  // #region ready
  /** Tries until the database answers and has the schema that this release needs. */
  async #ready(signal: AbortSignal, timeoutMs: number, say: (reason: string) => void): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const version = await schemaVersion(this.#pool);
        if (version >= MIGRATIONS.length) return;
        throw new Error(`the schema is of version ${version}, expected ${MIGRATIONS.length}`);
      } catch (error) {
        if (performance.now() + pauseMs > giveUpAt) throw error;
        say(`waiting for the database: ${(error as Error).message}`);
      }
      // Replicas that start together come back apart. A signal ends the wait, and the start with it.
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
  // #endregion ready
}
