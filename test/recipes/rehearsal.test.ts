import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ROUTES } from '../../rehearsal/subject/routes.ts';
import { ownSubject } from '../../rehearsal/subject/built-service.ts';
import { planOf, rehearsed } from '../support/rehearsal-plan.ts';
import { migrateWith, TYPESCRIPT } from './recipe.ts';
import { type PostgresServer, startPostgresServer } from './servers/postgres.ts';
import { describeWith } from './servers/program.ts';

jest.setTimeout(60_000);

describeWith('postgres', 'initdb')('a rollout of the PostgreSQL recipe', () => {
  let database: PostgresServer;
  beforeAll(async () => {
    database = await startPostgresServer();
    migrateWith(database.url);
    await database.query("insert into accounts values ('a', 1000000), ('b', 0)");
  });
  afterAll(async () => database?.remove());

  test('loses no request, commits all that was answered, and asks nothing after a pool has closed', async () => {
    const subject = ownSubject(
      'recipes/main.ts',
      { PATH: process.env['PATH'] },
      {
        RECIPE: 'postgres',
        NODE_OPTIONS: TYPESCRIPT,
        DATABASE_URL: database.url,
        SHUTDOWN_WINDOW: '1s',
        SHUTDOWN_QUIET_PERIOD: '0',
        SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms',
      },
    );
    const load = {
      routes: { ...ROUTES, get: '/accounts/a', post: '/transfers' },
      post: 0.5,
      postBody: JSON.stringify({ source: 'a', target: 'b', amount: 1 }),
    };

    const { losses, findings, requests, replicas } = await rehearsed(planOf(subject, { load }));

    expect({ losses, findings, lost: requests.lost }).toEqual({ losses: [], findings: [], lost: 0 });
    const gone = replicas.filter(({ report }) => report !== undefined);
    expect(gone).toHaveLength(2);
    for (const { report } of gone) {
      expect(report).toMatchObject({ outcome: 'clean', hooks: [{ name: 'postgres', result: 'ok' }] });
    }
    expect(requests.answered).toBeGreaterThan(100);
    // What was taken from one account is what the other has, and there is a row for each.
    const [sums] = await database.query(
      "select count(*)::int as transfers, (select balance::int from accounts where id = 'b') as b from transfers",
    );
    expect(sums?.['transfers']).toBeGreaterThan(requests.answered / 4);
    expect(sums?.['b']).toBe(sums?.['transfers']);
    expect(statementsAfterTheEnd(database.log())).toEqual([]);
    expect(database.log()).not.toMatch(/ERROR|unexpected EOF/);
  });
});

/** Statements of a connection that came after the first connection of its process had been closed. */
function statementsAfterTheEnd(log: string): string[] {
  const closed = new Set<string>();
  return log.split('\n').filter((line) => {
    const [, application] = /^(\S+): LOG: {2}/.exec(line) ?? [];
    if (application === undefined || application === 'test') return false;
    if (line.includes('disconnection:')) closed.add(application);
    return closed.has(application) && line.includes('statement:');
  });
}
