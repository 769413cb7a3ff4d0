import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../../support/ports.ts';
import { findProgram } from './program.ts';

/** A real PostgreSQL with an empty database. */
export interface PostgresServer {
  /** As `DATABASE_URL`. */
  url: string;
  /** One statement; its rows. */
  query: (sql: string) => Promise<Record<string, unknown>[]>;
  /** All that it has logged: connections, disconnections and statements, with the application that they came from. */
  log: () => string;
  /** Ends at once, every client is cut off. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
  /** Stops it, and its data are gone. */
  remove: () => Promise<void>;
}

/** PostgreSQL refuses to run as root: it gets another user then, the one that Debian's package has made. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { LC_ALL: 'C', PATH: process.env['PATH'] } };
  const initdb = ['-D', data, '-U', 'app', '--auth=trust', '--no-sync', '-E', 'UTF8'];
  execFileSync(findProgram('initdb') ?? '', initdb, { ...options, stdio: 'pipe' });
  const port = await freePort(); // a restart has the same
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    log_statement: 'all',
    log_connections: 'on',
    log_disconnections: 'on',
    log_line_prefix: '%a: ',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const url = `postgres://app@127.0.0.1:${port}/postgres`;
  let said = '';
  let child: ChildProcess | undefined;

  const query = async (sql: string) => {
    const client = new Client({ connectionString: url, application_name: 'test' });
    client.on('error', () => undefined); // at a stop
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const started = spawn(findProgram('postgres') ?? '', ['-D', data, ...flags], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!(await query('select 1').then(Boolean, () => false))) {
      if (started.exitCode !== null) throw new Error(`postgres has ended:\n${said}`);
      await sleep(50);
    }
  };
  const stop = async () => {
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGINT'); // "fast": it cuts off its clients
    await once(child, 'close');
  };
  await start();
  return {
    url,
    query,
    log: () => said,
    start,
    stop,
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
