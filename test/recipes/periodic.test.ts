import type { ServerResponse } from 'node:http';
import { expect } from '@jest/globals';
import { get, probe } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { reportOf } from '../harness/report.ts';
import { startRecipe } from './recipe.ts';
import { startUpstream } from './servers/upstream.ts';

describe('the recipe of a periodic job', () => {
  test('runs again and again, also after a run that failed, and is ready from the first good one on', async () => {
    let calls = 0;
    let reached = () => undefined as void;
    const fifth = new Promise<void>((resolve) => (reached = resolve));
    const url = await startUpstream((_req, res) => {
      calls++;
      if (calls === 5) reached();
      res.writeHead(calls === 1 ? 500 : 200).end(JSON.stringify({ eur: calls }));
    });
    const service = startRecipe('periodic', { RATES_URL: url, RATES_INTERVAL: '100ms' });

    await service.line({ event: 'health', up: true });
    await fifth;

    expect(service.lines).toContainEqual(expect.objectContaining({ msg: 'rates failed' }));
    expect(await probe(await service.management, '/readyz')).toBe(200);
    expect((await get(`${await service.url}/rates`)).json()['eur']).toBeGreaterThan(1);
    const { body } = await get(`${await service.management}/metrics`);
    expect(body).toContain('\nperiodic_runs_total{name="rates",outcome="failed"} 1\n');
  });

  test('a pause ends with the signal', async () => {
    const url = await startUpstream((_req, res) => res.end('{}'));
    const service = startRecipe('periodic', { RATES_URL: url, RATES_INTERVAL: '1h' });
    await service.line({ event: 'health', up: true });

    service.kill('SIGTERM');

    const { code, report } = await reportOf(service);
    expect({ code, hooks: report.hooks }).toMatchObject({
      code: 0,
      hooks: [{ name: 'rates', result: 'ok' }],
    });
  });

  test('a run that is under way at the signal is finished, and is the last', async () => {
    const asked: ServerResponse[] = [];
    let arrived = () => undefined as void;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    const url = await startUpstream((_req, res) => {
      asked.push(res);
      arrived();
    });
    const service = startRecipe('periodic', { RATES_URL: url, RATES_INTERVAL: '10ms' });
    await first;
    service.kill('SIGTERM');
    await service.line({ state: 'cleanup' });

    asked[0]?.end('{}');

    const { code, report } = await reportOf(service);
    expect({ code, hooks: report.hooks }).toMatchObject({
      code: 0,
      hooks: [{ name: 'rates', result: 'ok' }],
    });
    expect(asked).toHaveLength(1);
  });

  test('a run that can not be waited for is told, and reported', async () => {
    let arrived = (_res: ServerResponse) => undefined as void;
    const asked = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const url = await startUpstream((_req, res) => arrived(res));
    const service = startRecipe('periodic', { RATES_URL: url, SHUTDOWN_CLEANUP_TIMEOUT: '200ms' });
    await asked;

    service.kill('SIGTERM');

    const { code, report } = await reportOf(service);
    expect({ code, hooks: report.hooks }).toMatchObject({
      code: 81,
      hooks: [{ name: 'rates', result: 'timeout' }],
    });
  });
});
