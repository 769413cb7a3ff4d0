// What may be around the replicas: a real proxy, TLS, and another signal that asks them to leave.
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { FRONTS, type FrontName } from '../../rehearsal/cluster/front/kinds.ts';
import { summary } from '../../rehearsal/show/table.ts';
import { ownSubject } from '../../rehearsal/subject/built-service.ts';
import { overlappingInTime as test } from '../harness/overlapping.ts';
import { make, mount } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { unlessProgramsMissing } from '../support/programs.ts';
import { hasProxy } from '../support/proxies.ts';
import { BUILT, faulty, planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

/** Several times, if the machine is busy. */
const LIMIT_MS = 180_000;
const testWherePossible = unlessProgramsMissing(
  test,
  'rehearsals with',
  ['nginx', 'libnginx-mod-http-lua', 'haproxy'],
  hasProxy,
);
const NAMES = Object.keys(FRONTS) as FrontName[];

/** Almost all of it on new connections, where a proxy has some to choose from. */
const planWith = (front: FrontName, subject: Parameters<typeof planOf>[0]) =>
  planOf(subject, { network: { front, nodes: 1 }, load: { rate: 50, fresh: 0.8, streams: 2 } });

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
    LIMIT_MS,
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
    LIMIT_MS,
  );
}

test(
  'a service that speaks nothing but TLS is rehearsed over TLS, and counts what its clients count',
  async () => {
    const { certFile, keyFile } = mount(join(newFolder(), 'tls'), await make());
    const variables = {
      TLS_CERT_FILE: certFile,
      TLS_KEY_FILE: keyFile,
      TLS_ONLY: 'true',
      SHUTDOWN_WINDOW: '1.5s',
      SHUTDOWN_QUIET_PERIOD: '0',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms',
    };
    const subject = ownSubject(BUILT, { PATH: process.env['PATH'] }, variables, true);
    // Few clients, so that none is idle for long enough to be sent away.
    const load = { rate: 30, streams: 1, clients: 3 };

    const result = await rehearsed(planOf(subject, { network: { https: true }, load }));

    expect(result.losses).toEqual([]);
    expect(result.requests.answered).toBeGreaterThan(50);
    expect(result.agreement).toBe('agree');
  },
  LIMIT_MS,
);

test(
  'a pod with another stop signal gets that, and is told about it by its name',
  async () => {
    const subject = faulty('no-handler');
    const plan = planOf(subject, {
      pod: { stopSignal: 'SIGQUIT' },
      load: { rate: 50, fresh: 1 },
      deployment: { replicas: 1 },
    });

    const result = await rehearsed(plan);

    expect(result.replicas[0]?.exit).toMatchObject({ signal: 'SIGQUIT' });
    expect(result.findings[0]?.text).toMatch(/SIGQUIT ended the program at once/);
    expect(summary(result, { colour: false, columns: 200 })).not.toContain('SIGTERM');
  },
  LIMIT_MS,
);
