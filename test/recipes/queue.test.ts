import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { probe } from '../harness/http.ts';
import { reportOf } from '../harness/report.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { nextHealth, startRecipe } from './recipe.ts';
import { describeWith } from './servers/program.ts';
import { type RedisServer, startRedisServer } from './servers/redis.ts';

jest.setTimeout(60_000);

/** Between two looks at a job. */
const LOOK_MS = 20;

describeWith('redis-server')('the recipe of a queue', () => {
  let redis: RedisServer;
  /** The queue, seen from outside. */
  let seen: Queue;

  const start = (env: Record<string, string> = {}) => startRecipe('queue', { QUEUE_URL: redis.url, ...env });
  const order = async (service: ServiceProcess, pages: number) => {
    const answer = await fetch(`${await service.url}/exports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pages }),
    });
    return { status: answer.status, id: ((await answer.json()) as { id: string }).id };
  };
  const jobOf = async (service: ServiceProcess, id: string) =>
    (await (await fetch(`${await service.url}/exports/${id}`)).json()) as { state: string; progress: number };
  const until = async (
    service: ServiceProcess,
    id: string,
    is: (job: { state: string; progress: number }) => boolean,
  ) => {
    while (!is(await jobOf(service, id))) await sleep(LOOK_MS);
  };
  const stateOf = async (id: string) => (await seen.getJob(id))?.getState();

  beforeAll(async () => {
    redis = await startRedisServer();
    seen = new Queue('exports', { connection: { url: redis.url } });
    seen.on('error', () => undefined); // at a restart
  });
  afterAll(async () => {
    await seen?.close();
    await redis?.stop();
  });

  test('a job that runs at the signal is finished, and none is begun any more', async () => {
    const service = start({ QUEUE_CONCURRENCY: '2', SHUTDOWN_WINDOW: '400ms' });
    const running = await order(service, 15);
    await until(service, running.id, ({ progress }) => progress > 0);

    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    const late = await order(service, 1); // for which there is room

    expect(late.status).toBe(202); // the window serves, and somebody else will do it
    const { code, report } = await reportOf(service);
    expect({ code, hooks: report.hooks }).toMatchObject({
      code: 0,
      hooks: [
        { name: 'consumer', result: 'ok' },
        { name: 'queue', result: 'ok' },
      ],
    });
    expect([await stateOf(running.id), await stateOf(late.id)]).toEqual(['completed', 'waiting']);

    const next = start();
    await until(next, late.id, ({ state }) => state === 'completed');
    const metrics = await (await fetch(`${await next.management}/metrics`)).text();
    expect(metrics).toContain('\njobs_total{outcome="completed"} 1\n');
  });

  test('a job that takes longer than the cleanup may is reported, and stays in the queue', async () => {
    const service = start({ SHUTDOWN_CLEANUP_TIMEOUT: '300ms' });
    const { id } = await order(service, 100);
    await until(service, id, ({ progress }) => progress > 0);

    service.kill('SIGTERM');

    const { code, report } = await reportOf(service);
    expect({ code, hooks: report.hooks }).toMatchObject({
      code: 81,
      hooks: [{ name: 'consumer', result: 'timeout' }, { name: 'queue' }],
    });
    expect(await stateOf(id)).toBe('active'); // until its lock has run out: then it is another consumer's
    await seen.obliterate({ force: true });
  });

  test('a Redis that is away makes it unready, and does not end it', async () => {
    const service = start();
    await service.line({ event: 'health', up: true });

    const [down, upAgain] = [nextHealth(service, false), nextHealth(service, true)];
    await redis.stop();
    await down();
    await redis.start();
    await upAgain();

    const { id } = await order(service, 1);
    await until(service, id, ({ state }) => state === 'completed');
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  test('a Redis that is away at the end is reported, and keeps nobody longer than the cleanup may', async () => {
    const service = start({ SHUTDOWN_CLEANUP_TIMEOUT: '500ms' });
    await service.line({ event: 'health', up: true });
    await redis.stop();
    // Or the signal may come first, and its goodbye still finds a connection that is about to break.
    await service.line({ msg: 'the consumer has lost its Redis' });

    service.kill('SIGTERM');

    const { code, report } = await reportOf(service);
    await redis.start();
    expect(code).toBe(81);
    expect(report.hooks).toMatchObject([{ name: 'consumer', result: 'timeout' }, { name: 'queue' }]);
  });

  test('a worker has probes and metrics and nothing else, and does jobs until the signal', async () => {
    const job = await seen.add('export', { pages: 8 });

    const worker = start({ FEATURE: 'worker', SHUTDOWN_WINDOW: '0' });
    while (((await seen.getJob(job.id ?? ''))?.progress ?? 0) === 0) await sleep(LOOK_MS);
    expect(await probe(await worker.management, '/readyz')).toBe(200);
    worker.kill('SIGTERM');

    const { code, report } = await reportOf(worker);
    expect({ code, listeners: report.listeners }).toEqual({ code: 0, listeners: [] });
    expect(await stateOf(job.id ?? '')).toBe('completed');
    expect(worker.lines.filter(({ event }) => event === 'listening')).toMatchObject([
      { listener: 'management' },
    ]);
  });
});
