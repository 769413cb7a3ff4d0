import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type ClientBase, DatabaseError, type QueryResult, type QueryResultRow } from 'pg';

/** Sends one statement. */
export type Query = <R extends QueryResultRow>(sql: string, values?: unknown[]) => Promise<QueryResult<R>>;

const tracer = trace.getTracer('postgres');
/** What it does, and to which table. */
const SUMMARY = /^\s*(\w+)(?:(?:.*?\s(?:from|into))?\s+([a-z_]\w*))?/is;

/**
 * Sends statements by a client or a pool, each in a span by OpenTelemetry's conventions for databases. The text of a
 * statement is in there, its values are not.
 */
export function queryBy(client: Pick<ClientBase, 'query'>, { hostname, port, pathname }: URL): Query {
  const where = {
    'db.system.name': 'postgresql',
    'db.namespace': pathname.slice(1),
    'server.address': hostname,
    'server.port': Number(port || 5432),
  };
  return async (sql, values) => {
    const summary = summaryOf(sql);
    const attributes = { ...where, 'db.query.summary': summary, 'db.query.text': sql };
    const span = tracer.startSpan(summary, { kind: SpanKind.CLIENT, attributes });
    try {
      return await client.query(sql, values);
    } catch (error) {
      // Without its message, which may quote a value.
      const code = error instanceof DatabaseError ? error.code : undefined;
      if (code !== undefined) span.setAttribute('db.response.status_code', code);
      span
        .setAttribute('error.type', code ?? (error as Error).name)
        .setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };
}

/** The name of the span, of which there have to be few: `SELECT accounts`, `COMMIT`. */
function summaryOf(sql: string): string {
  const [, verb = 'query', table] = SUMMARY.exec(sql) ?? [];
  return table === undefined ? verb.toUpperCase() : `${verb.toUpperCase()} ${table}`;
}
