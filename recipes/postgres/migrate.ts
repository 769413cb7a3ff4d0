// Brings the schema of DATABASE_URL up to date, and ends: the command of the chart's migration Job. Exit code 1 with
// the reason if it can't.
import { Client } from 'pg';
import { migrate } from './migrations.ts';

const client = new Client({
  connectionString: process.env['DATABASE_URL'],
  connectionTimeoutMillis: 5000,
});
await client.connect();
try {
  const { before, after } = await migrate(client);
  process.stdout.write(`schema: version ${before} → ${after}\n`);
} finally {
  await client.end();
}
