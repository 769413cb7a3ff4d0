import type { ClientBase } from 'pg';

/**
 * In their order, which never changes; each runs once, in a transaction. A replica of the release before still runs
 * meanwhile and afterwards: add in one release, remove in a later one.
 */
export const MIGRATIONS = [
  'create table accounts (id text primary key, balance bigint not null check (balance >= 0))',
  `create table transfers (
     id bigint generated always as identity primary key,
     source text not null references accounts, target text not null references accounts,
     amount bigint not null check (amount > 0),
     placed_at timestamptz not null default now()
   )`,
];

/** Any number, as long as nobody else uses it in this database. */
const LOCK = 7_236_001;

/** How many have run. */
export async function schemaVersion(client: Pick<ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  );
  if (rows[0]?.there !== true) return 0;
  const { rows: versions } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from schema_migrations',
  );
  return versions[0]?.version ?? 0;
}

/** Runs those that have not run; of two that try at once, the second waits and finds nothing to do. */
export async function migrate(client: ClientBase): Promise<{ before: number; after: number }> {
  await client.query('select pg_advisory_lock($1)', [LOCK]);
  try {
    const before = await schemaVersion(client);
    await client.query(
      'create table if not exists schema_migrations (version int primary key, ran_at timestamptz default now())',
    );
    for (const [index, sql] of MIGRATIONS.entries()) {
      const version = index + 1;
      if (version <= before) continue;
      await client.query('begin');
      try {
        await client.query(sql);
        await client.query('insert into schema_migrations (version) values ($1)', [version]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw new Error(`migration ${version} failed`, { cause: error });
      }
    }
    return { before, after: Math.max(before, MIGRATIONS.length) };
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]);
  }
}
