import { Client } from 'pg';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { inFlight } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { reportOf } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { migrateWith, nextHealth, startRecipe } from './recipe.ts';
import { type PostgresServer, startPostgresServer } from './servers/postgres.ts';
import { describeWith } from './servers/program.ts';

jest.setTimeout(60_000);

describeWith('postgres', 'initdb')('the PostgreSQL recipe', () => {
  let database: PostgresServer;

  const migrate = () => migrateWith(database.url);
  const start = (env: Record<string, string> = {}) =>
    startRecipe('postgres', { DATABASE_URL: database.url, ...env });
  const transfer = async (service: ServiceProcess, body: object) =>
    fetch(`${await service.url}/transfers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const balances = async () => database.query('select id, balance::int from accounts order by id');
  /** Of a service, by its POD_NAME. */
  const logOf = (pod: string) =>
    database
      .log()
      .split('\n')
      .filter((line) => line.startsWith(`${pod}: `));

  beforeAll(async () => {
    database = await startPostgresServer();
  });
  afterAll(async () => database?.remove());

  test('a start waits for the schema, and is ready when the migrations have run', async () => {
    const service = start();
    await service.line(({ msg }) => msg.endsWith('the schema is of version 0, expected 2'));

    expect(migrate()).toMatchObject({ status: 0, stdout: 'schema: version 0 → 2\n' });

    await service.line({ state: 'ready' });
    expect(migrate()).toMatchObject({ status: 0, stdout: 'schema: version 2 → 2\n' });
    await database.query("insert into accounts values ('a', 100), ('b', 0)");
  });

  test('a start that has waited for as long as it may ends with the reason', async () => {
    const service = start({
      DATABASE_URL: 'postgres://app@127.0.0.1:1/postgres',
      DATABASE_START_TIMEOUT: '250ms',
    });

    const { code, stdout } = await service.ended;

    expect(code).toBe(1);
    expect(stdout).toContain('start-up hook \\"postgres\\" failed: connect ECONNREFUSED 127.0.0.1:1');
  });

  test('a signal ends the wait for a database that does not come', async () => {
    const service = start({ DATABASE_URL: 'postgres://app@127.0.0.1:1/postgres' });
    await service.line(({ msg }) => msg.startsWith('waiting for the database'));

    service.kill('SIGTERM');

    expect((await service.ended).code).toBe(0);
  });

  test('a transfer happens as a whole, or not at all', async () => {
    const service = start();

    expect((await transfer(service, { source: 'a', target: 'b', amount: 30 })).status).toBe(201);
    expect((await transfer(service, { source: 'b', target: 'a', amount: 31 })).status).toBe(409);
    expect((await transfer(service, { source: 'a', target: 'nobody', amount: 5 })).status).toBe(404);
    expect((await transfer(service, { source: 'a', target: 'b', amount: -1 })).status).toBe(422);

    expect(await balances()).toEqual([
      { id: 'a', balance: 70 },
      { id: 'b', balance: 30 },
    ]);
  });

  test('transfers in opposite directions don’t wait for each other for ever', async () => {
    const service = start();
    const pairs = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? { source: 'a', target: 'b' } : { source: 'b', target: 'a' },
    );

    const answers = await Promise.all(pairs.map(async (pair) => transfer(service, { ...pair, amount: 1 })));

    expect(answers.map(({ status }) => status)).toEqual(pairs.map(() => 201));
  });

  test('a transaction that is under way at the signal is committed, and nothing is asked after the pool has closed', async () => {
    const service = start({ POD_NAME: 'leaving' });
    const before = await balances();
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    own(async () => holder.end());
    await holder.query('begin');
    await holder.query("select 1 from accounts where id = 'a' for update");
    // The service waits for that lock, in the middle of its transaction.
    const answer = transfer(service, { source: 'a', target: 'b', amount: 2 });
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    await service.line({ state: 'draining' });
    await holder.query('commit');

    expect((await answer).status).toBe(201);

    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.hooks).toMatchObject([{ name: 'postgres', result: 'ok' }]);
    const [a, b] = before.map(({ balance }) => balance as number);
    expect(await balances()).toEqual([
      { id: 'a', balance: (a ?? 0) - 2 },
      { id: 'b', balance: (b ?? 0) + 2 },
    ]);
    const log = logOf('leaving');
    expect(log.filter((line) => /ERROR|FATAL/.test(line))).toEqual([]);
    const firstGone = log.findIndex((line) => line.includes('disconnection:'));
    expect(firstGone).toBeGreaterThan(0);
    expect(log.slice(firstGone).filter((line) => line.includes('statement:'))).toEqual([]);
    expect(await database.query("select 1 from pg_stat_activity where application_name = 'leaving'")).toEqual(
      [],
    );
  });

  test('a restart of the database makes it unready for as long as that takes', async () => {
    const service = start();
    await service.line({ event: 'health', up: true });

    const [down, upAgain] = [nextHealth(service, false), nextHealth(service, true)];
    await database.stop();
    await down();
    await database.start();
    await upAgain();

    expect((await transfer(service, { source: 'a', target: 'b', amount: 1 })).status).toBe(201);
  });
});
