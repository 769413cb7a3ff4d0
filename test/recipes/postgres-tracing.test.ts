import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { own } from '../harness/own.ts';
import { otlpReceiver } from '../support/otlp-receiver.ts';
import { migrateWith, startRecipe } from './recipe.ts';
import { type PostgresServer, startPostgresServer } from './servers/postgres.ts';
import { describeWith } from './servers/program.ts';

jest.setTimeout(60_000);

describeWith('postgres', 'initdb')('the PostgreSQL recipe with tracing', () => {
  let database: PostgresServer;

  const start = ({ url }: { url: string }) =>
    startRecipe('postgres', { DATABASE_URL: database.url, OTEL_EXPORTER_OTLP_ENDPOINT: url });

  beforeAll(async () => {
    database = await startPostgresServer();
    migrateWith(database.url);
    await database.query("insert into accounts values ('a', 100)");
  });
  afterAll(async () => database?.remove());

  test('the statements of a request are in its trace, without their values', async () => {
    const collector = await otlpReceiver();
    const service = start(collector);
    const answer = await fetch(`${await service.url}/transfers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: 'a', target: 'tiger', amount: 1 }),
    });
    expect(answer.status).toBe(404);
    service.kill('SIGTERM');
    await service.ended;

    const request = await collector.span({ kind: 'SERVER', name: 'POST /transfers' });
    const statements = collector.spans.filter(({ parentId }) => parentId === request.id);
    expect(statements.map(({ name }) => name)).toEqual([
      'BEGIN',
      'SELECT accounts',
      'UPDATE accounts',
      'UPDATE accounts',
      'ROLLBACK',
    ]);
    const { pathname, port } = new URL(database.url);
    for (const { kind, traceId, attributes } of statements) {
      expect({ kind, traceId, attributes }).toMatchObject({
        kind: 'CLIENT',
        traceId: request.traceId,
        attributes: {
          'db.system.name': 'postgresql',
          'db.namespace': pathname.slice(1),
          'server.port': Number(port),
        },
      });
    }
    expect(JSON.stringify(statements)).not.toContain('tiger');
  });

  test('a statement that fails is an error in the trace, by its code', async () => {
    const collector = await otlpReceiver();
    const service = start(collector);
    await database.query('alter table accounts rename column balance to amount');
    own(async () => database.query('alter table accounts rename column amount to balance'));
    expect((await fetch(`${await service.url}/accounts/tiger`)).status).toBe(500);
    service.kill('SIGTERM');
    await service.ended;

    expect(await collector.span({ name: 'SELECT accounts' })).toMatchObject({
      status: 'ERROR',
      attributes: { 'db.response.status_code': '42703', 'error.type': '42703' },
    });
  });
});
