// Real proxies between the clients and the replicas.
import { expect } from '@jest/globals';
import { FRONTS, type FrontName } from '../../rehearsal/cluster/front/kinds.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { unlessProgramsMissing } from '../support/programs.ts';
import { hasProxy } from '../support/proxies.ts';
import { faulty, planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;
const testWherePossible = unlessProgramsMissing(
  test,
  'rehearsals with',
  ['nginx', 'libnginx-mod-http-lua', 'haproxy'],
  hasProxy,
);
const NAMES = Object.keys(FRONTS) as FrontName[];

/** Almost all of it on new connections, where a proxy has some to choose from. */
const planWith = (front: FrontName, subject: Parameters<typeof planOf>[0]) =>
  planOf(subject, { network: { front, nodes: 1 }, load: { fresh: 0.8, streams: 2, webSockets: 0 } });

for (const front of NAMES) {
  testWherePossible(
    `a rollout behind ${front} loses nothing, and every answer is known to be that of a replica`,
    async () => {
      const result = await rehearsed(planWith(front, service()));

      expect(result.losses).toEqual([]);
      expect(result.settings.front).toBe(front);
      const { answered } = result.requests;
      expect(result.replicas.reduce((sum, replica) => sum + replica.answered, 0)).toBe(answered);
      expect(result.agreement).toBe('agree');
    },
    MINUTE,
  );

  testWherePossible(
    `a program behind ${front} that closes its listener at once is found in spite of all retries`,
    async () => {
      const { network, load, ...plan } = planWith(front, faulty('closes-at-once'));
      const long = { ...plan, network: { ...network, endpointLagMs: 1500 }, load: { ...load, streams: 0 } };
      const result = await rehearsed({
        ...long,
        deployment: { ...plan.deployment, replicas: 1, maxSurge: 0, maxUnavailable: 1 },
      });

      const [refused] = result.losses.filter(({ cause }) => cause === 'refused');
      expect(refused).toMatchObject({
        replica: 'old-1',
        detail: expect.stringMatching(`status 50[23] of ${front}`),
      });
      expect(result.findings[0]?.text).toMatch(/refused .* after SIGTERM: endpoints were removed after/);
    },
    MINUTE,
  );
}
