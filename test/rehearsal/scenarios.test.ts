import { expect, test } from '@jest/globals';
import { findWindow } from '../../rehearsal/window-search.ts';
import { faulty, planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const states = (names: { state: string }[]) => names.map(({ state }) => state);

test(
  'a rollout replaces every replica, loses nothing, and every process counts what its clients count',
  async () => {
    const result = await rehearsed(planOf(service(), { load: { slow: 0.05, streams: 3 } }));

    expect(result.losses).toEqual([]);
    expect(result.findings).toEqual([]);
    const { sent, answered, open } = result.requests;
    expect(sent).toBe(answered + open);
    expect(answered).toBe(sum(result.replicas.map((replica) => replica.answered)));
    expect(open).toBe(sum(result.replicas.map((replica) => replica.open)));
    expect(open).toBeGreaterThan(0);
    expect(sent).toBeGreaterThan(300);
    const [old1, old2, ...rest] = result.replicas;
    for (const replica of [old1, old2]) {
      expect(states(replica?.states ?? [])).toEqual(
        expect.arrayContaining(['starting', 'ready', 'lame-duck', 'draining', 'cleanup']),
      );
      expect(replica?.exit).toMatchObject({ code: 0, signal: null });
      expect(replica?.reported).toBe(replica?.answered);
    }
    expect(rest.map(({ name }) => name)).toEqual(['new-1', 'new-2']);
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

test(
  'a Deployment never has fewer available replicas than it may, nor more pods that stay',
  async () => {
    const result = await rehearsed(planOf(service(), { deployment: { replicas: 3, maxSurge: 1 } }));

    const old = result.replicas.filter(({ name }) => name.startsWith('old'));
    const fresh = result.replicas.filter(({ name }) => name.startsWith('new'));
    const readyFrom = fresh.map(({ inRotation }) => inRotation[0]?.fromMs ?? Infinity);
    for (const [nth, { deletedAtMs }] of old.entries()) {
      const at = deletedAtMs ?? 0;
      expect(readyFrom.filter((fromMs) => fromMs <= at).length).toBeGreaterThanOrEqual(nth + 1);
      const createdBefore = fresh.filter(({ states: [first] }) => (first?.fromMs ?? Infinity) < at);
      expect(createdBefore.length).toBeLessThanOrEqual(nth + 1);
    }
  },
  MINUTE,
);

test(
  'a Deployment that may neither have more pods nor fewer goes on with one less',
  async () => {
    const result = await rehearsed(
      planOf(service(), { deployment: { maxSurge: 0, maxUnavailable: 0 }, network: { endpointLagMs: 100 } }),
    );

    expect(result.losses).toEqual([]);
    const [old1, old2, new1] = result.replicas;
    expect(old2?.deletedAtMs).toBeGreaterThanOrEqual(new1?.inRotation[0]?.fromMs ?? Infinity);
    expect(new1?.states[0]?.fromMs).toBeGreaterThanOrEqual(old1?.deletedAtMs ?? Infinity);
  },
  MINUTE,
);

test(
  'a preStop sleep that outlasts the grace period ends with it, and two seconds follow',
  async () => {
    const result = await rehearsed(
      planOf(faulty('ignores-sigterm'), {
        pod: { preStopMs: 5000, graceMs: 1000 },
        deployment: { replicas: 1 },
      }),
    );

    const { deletedAtMs = NaN, sigtermAtMs = NaN, exit, killed } = result.replicas[0] ?? {};
    expect(killed).toBe('grace');
    expect(sigtermAtMs - deletedAtMs).toBeGreaterThan(900);
    expect(sigtermAtMs - deletedAtMs).toBeLessThan(4000);
    expect((exit?.atMs ?? NaN) - sigtermAtMs).toBeGreaterThan(1900);
  },
  MINUTE,
);

test.each(['scale-down', 'node-drain', 'single-replica'] as const)(
  '%s loses nothing',
  async (scenario) => {
    // All start at once in a node drain: the endpoints are to last until the new replicas are ready.
    const network = { endpointLagMs: scenario === 'node-drain' ? 2500 : 300 };
    const patient = service(scenario === 'node-drain' ? { SHUTDOWN_WINDOW: '4s' } : {});
    const result = await rehearsed(planOf(patient, { scenario, network }));

    expect(result.losses).toEqual([]);
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

test(
  'without any ready endpoint, readiness that fails in the shutdown is named as the cause',
  async () => {
    const result = await rehearsed(
      planOf(service(), { scenario: 'node-drain', network: { endpointLagMs: 50 }, load: { steadyMs: 1000 } }),
    );

    expect(result.findings[0]).toMatchObject({ setting: 'SHUTDOWN_READINESS' });
    expect(result.unexpected).toBe(result.requests.lost);
    expect(result.findings[0]?.text).toMatch(/connections found no endpoint/);
  },
  MINUTE,
);

test(
  'readiness that passes keeps terminating replicas as the last resort',
  async () => {
    const patient = service({ SHUTDOWN_READINESS: 'pass', SHUTDOWN_WINDOW: '4s' });
    const result = await rehearsed(
      planOf(patient, { scenario: 'node-drain', network: { endpointLagMs: 50 } }),
    );

    expect(result.losses).toEqual([]);
  },
  MINUTE,
);

test(
  'a crash costs what it has to, and the replica is started again',
  async () => {
    const result = await rehearsed(planOf(service(), { scenario: 'crash', load: { fresh: 0.8 } }));

    expect(result.replicas[0]).toMatchObject({ killed: 'crash', exit: { code: 1 } });
    expect(states(result.replicas[0]?.states ?? []).filter((state) => state === 'ready')).toHaveLength(2);
    expect(result.expected?.lost).toBeGreaterThan(0);
    expect(result.requests.lost).toBeLessThan(5 * (result.expected?.lost ?? 0) + 10);
    expect(result.findings[0]?.text).toMatch(/old-1, which crashed/);
  },
  MINUTE,
);

test(
  'a crash of the only replica costs all requests until it listens again',
  async () => {
    const result = await rehearsed(planOf(service(), { scenario: 'crash', deployment: { replicas: 1 } }));

    expect(result.expected?.lost).toBeGreaterThan(0);
    expect(result.expected?.lost).toBeLessThan(result.requests.sent);
  },
  MINUTE,
);

test(
  'an eviction that nobody is told of costs what it has to',
  async () => {
    const result = await rehearsed(
      planOf(service(), { scenario: 'eviction', network: { endpointLagMs: 1000 }, load: { fresh: 0.8 } }),
    );

    expect(result.requests.lost).toBeGreaterThan(0);
    expect(result.expected?.lost).toBeGreaterThan(0);
    expect(result.findings[0]?.text).toMatch(
      /an eviction removes the endpoint only when the process has gone/,
    );
    expect(result.replicas[0]?.deletedAtMs).toBeUndefined();
  },
  MINUTE,
);

test(
  'a stuck request is cut, once for each old replica, and nothing else is lost',
  async () => {
    const result = await rehearsed(
      planOf(service({ SHUTDOWN_DRAIN_TIMEOUT: '500ms' }), { scenario: 'stuck-request' }),
    );

    expect(result.expected?.lost).toBe(2);
    expect(result.requests.lost).toBe(2);
    expect(result.unexpected).toBe(0);
    expect(result.replicas[0]?.report?.cutRequests[0]).toMatchObject({ method: 'GET', route: '/slow' });
  },
  MINUTE,
);

test(
  'a rollout whose old replicas get no CPU for a while stalls each of them, and nothing is lost',
  async () => {
    const patient = service({ SHUTDOWN_WINDOW: '3s' });
    const result = await rehearsed(
      planOf(patient, { scenario: 'starved', stallMs: 700, load: { slow: 0.2, slowMs: 2000 } }),
    );

    expect(result.losses).toEqual([]);
    expect(result.settings.stallMs).toBe(700);
    const [old1, old2, new1, new2] = result.replicas;
    for (const { states: seen, stalls = [], killed } of [old1, old2].filter((one) => one !== undefined)) {
      const from = (state: string) => seen.find((span) => span.state === state)?.fromMs ?? NaN;
      const [first, second] = stalls;
      expect((first?.fromMs ?? NaN) - from('lame-duck')).toBeLessThan(500);
      expect(second?.fromMs).toBeLessThan(from('lame-duck') + 3000);
      expect(second?.toMs).toBeGreaterThan(from('lame-duck') + 3000);
      for (const { fromMs, toMs } of stalls) expect(toMs - fromMs).toBeGreaterThan(600);
      expect(killed).toBeUndefined();
    }
    expect([new1?.stalls, new2?.stalls]).toEqual([undefined, undefined]);
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

test(
  'the smallest window is about as long as the endpoint lag',
  async () => {
    const observer = { event: () => undefined, progress: () => undefined };
    const plan = planOf(service(), {
      network: { endpointLagMs: 700, jitter: 0.1 },
      deployment: { replicas: 1 },
      load: { rate: 300, fresh: 1 },
    });

    const { windowMs, tries } = await findWindow(plan, observer, new AbortController().signal);

    expect(windowMs).toBeGreaterThanOrEqual(500);
    expect(windowMs).toBeLessThanOrEqual(1500);
    expect(tries.some(({ lost }) => lost > 0)).toBe(true);
    expect(
      tries.filter((tried) => tried.windowMs === windowMs && tried.lost === 0).length,
    ).toBeGreaterThanOrEqual(3);
  },
  3 * MINUTE,
);

test('without a replica there is nothing to rehearse', async () => {
  await expect(rehearsed(planOf(service(), { deployment: { replicas: 0 } }))).rejects.toMatchObject({
    code: 'REHEARSAL_USAGE',
    message: expect.stringMatching(/^there are 0 replicas/),
  });
});
