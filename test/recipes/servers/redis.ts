import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../support/ports.ts';

/** A real Redis, empty, that keeps nothing. */
export interface RedisServer {
  url: string;
  /** Ends at once; what it had is gone. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
}

export async function startRedisServer(): Promise<RedisServer> {
  const port = await freePort(); // a restart has the same
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const start = async () => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const started = spawn('redis-server', args, { cwd: tmpdir(), stdio: 'ignore' });
    child = started;
    while (!(await answers(url))) {
      if (started.exitCode !== null) throw new Error('redis-server has ended');
      await sleep(50);
    }
  };
  await start();
  return {
    url,
    start,
    stop: async () => {
      if (child === undefined || child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.quit()) === 'OK';
  } catch {
    return false;
  }
}
