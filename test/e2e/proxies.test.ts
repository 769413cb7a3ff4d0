// A rollout behind the proxies that ingress controllers are made of: with the connections that they keep to the pods by
// default, and without a second try.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { load } from '../support/load.ts';
import { unlessProgramsMissing } from '../support/programs.ts';
import { hasProxy, PROXIES, type Proxy } from '../support/proxies.ts';

const REPLICAS = 3;
/** Until the proxy knows that a pod has gone. */
const LAG_MS = 1000;
/** However late this machine is with the news: the window goes on while requests arrive. */
const SLOWER_THAN_THE_LAG = {
  SHUTDOWN_WINDOW: '2s',
  SHUTDOWN_QUIET_PERIOD: '1s',
  SHUTDOWN_WINDOW_MAX: '20s',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
};
const QUICKER_THAN_THE_LAG = { SHUTDOWN_WINDOW: '0', SHUTDOWN_DRAIN_TIMEOUT: '100ms' };

const portOf = async ({ url }: ServiceProcess) => Number(new URL(await url).port);

/** Each replica is replaced by another, which is ready before; what the clients and the replicas say of it. */
async function rollOut(proxy: Proxy, shutdown: Record<string, string>) {
  let started = 0;
  const start = () => startService({ ...shutdown, POD_NAME: `pod-${++started}` });
  const endpoints = Array.from({ length: REPLICAS }, start);
  const lead = async () => proxy.lead(await Promise.all(endpoints.map(portOf)));
  await lead();
  const old = [...endpoints];

  const replaced = async () => {
    for (const leaving of old) {
      endpoints.push(start());
      await lead();
      leaving.kill('SIGTERM');
      await leaving.line({ state: 'lame-duck' });
      await sleep(LAG_MS);
      endpoints.splice(endpoints.indexOf(leaving), 1);
      await lead();
    }
    await Promise.all(old.map(async ({ ended }) => ended));
  };
  let end!: () => void;
  const { steady, verdict } = load(
    proxy.url,
    ['--rate', '200'],
    new Promise<void>((resolve) => (end = resolve)),
  );
  await steady;
  await replaced();
  end();
  return { verdict: await verdict(), reports: await Promise.all(old.map(reportOf)) };
}

describe.each(PROXIES)('behind %s', (_name, needs, startProxy) => {
  const testWherePossible = unlessProgramsMissing(test, 'rollouts behind', needs, hasProxy);

  testWherePossible('a rollout loses nothing, with kept connections and without a retry', async () => {
    const { verdict, reports } = await rollOut(await startProxy(), SLOWER_THAN_THE_LAG);

    expect(verdict).toMatchObject({ verdict: 'nothing lost', lost: 0, byCause: {} });
    expect(Object.keys(verdict.byPod)).toHaveLength(2 * REPLICAS);
    for (const { code } of reports) expect(code).toBe(0);
  });

  testWherePossible(
    'one whose window is over before the proxy knows loses some, and that is seen',
    async () => {
      const { verdict } = await rollOut(await startProxy(), QUICKER_THAN_THE_LAG);

      expect(verdict).toMatchObject({ verdict: 'lost' });
    },
  );
});
