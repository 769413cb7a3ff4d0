import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { get, probe } from '../harness/http.ts';
import { nextHealth, startRecipe } from './recipe.ts';
import { describeWith } from './servers/program.ts';
import { type RedisServer, startRedisServer } from './servers/redis.ts';

jest.setTimeout(60_000);

describeWith('redis-server')('the recipe of a cache', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterAll(async () => redis?.stop());

  test('what one replica has found out, another knows', async () => {
    const [one, two] = [
      startRecipe('redis', { CACHE_URL: redis.url }),
      startRecipe('redis', { CACHE_URL: redis.url }),
    ];
    for (const service of [one, two]) await service.line({ event: 'health', up: true });

    const first = await get(`${await one.url}/reports/7`);
    const second = await get(`${await two.url}/reports/7`);

    expect(second.json()).toEqual(first.json());
    const metrics = await get(`${await two.management}/metrics`);
    expect(metrics.body).toContain('\ncache_lookups_total{result="hit"} 1\n');
    one.kill('SIGTERM');
    expect((await one.ended).code).toBe(0);
  });

  test('an entry is gone when its time is over', async () => {
    const service = startRecipe('redis', { CACHE_URL: redis.url, CACHE_TTL: '1ms' });
    await service.line({ event: 'health', up: true });

    const first = await get(`${await service.url}/reports/8`);
    const second = await get(`${await service.url}/reports/8`);

    expect(second.json()['madeAt']).not.toBe(first.json()['madeAt']);
  });

  test('without its cache it is ready, and answers all the same', async () => {
    const service = startRecipe('redis', { CACHE_URL: redis.url });
    await service.line({ event: 'health', up: true });

    const [down, upAgain] = [nextHealth(service, false), nextHealth(service, true)];
    await redis.stop();
    await down();

    expect((await get(`${await service.url}/reports/9`)).status).toBe(200);
    expect(await probe(await service.management, '/readyz')).toBe(200);
    await redis.start();
    await upAgain();
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });
});
