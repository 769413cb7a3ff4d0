import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadConfig } from '../../src/lastcall/config/config.ts';
import {
  budgetProblem,
  longestShutdownMs,
  MARGIN_MS,
  type ShutdownSettings,
} from '../../src/lastcall/lifecycle/budget.ts';
import { envOf, type KubeObject, notes, podSpecOf, render } from '../../scripts/helm.ts';
import { renderEach } from '../support/releases.ts';

const TIMEOUT = 120_000;

/** The phases in the order in which they give, each with the least that it keeps. */
const ORDER = [
  ['scrapeWaitMs', () => 0],
  ['windowMaxMs', ({ windowMs }) => windowMs],
  ['drainTimeoutMs', ({ keepAliveMinIdleMs }) => keepAliveMinIdleMs + 1000],
  ['cleanupTimeoutMs', () => 1000],
  ['windowMs', (_settings, noticedMs) => Math.max(2000, noticedMs)],
] as const satisfies [keyof ShutdownSettings, (own: ShutdownSettings, noticedMs: number) => number][];

const ms = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 0, max }));

const drawn = fc.record({
  windowMs: fc.oneof(fc.constant(5000), fc.integer({ min: 0, max: 20_000 })),
  beyondMs: ms(20_000),
  drainTimeoutMs: ms(60_000),
  cleanupTimeoutMs: ms(20_000),
  scrapeWaitMs: ms(30_000),
  keepAliveMinIdleMs: ms(5000),
  preStopSeconds: fc.constantFrom(0, 0, 3),
  sidecarSeconds: fc.constantFrom(null, 0, 4),
  hasSidecar: fc.boolean(),
  failureThreshold: fc.integer({ min: 1, max: 3 }),
  readiness: fc.constantFrom('fail', 'pass'),
  /** Where between the least that fits and all that is wanted. */
  share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1.2, noNaN: true })),
});

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

/** The values of a release, and what the process is to be told if there is time for all of it. */
function release(numbers: Drawn) {
  const { beyondMs, preStopSeconds, sidecarSeconds, hasSidecar, failureThreshold, share } = numbers;
  // A probe that could not fail within the window is refused, and not about a platform.
  const readiness = numbers.windowMs < 2000 ? 'pass' : numbers.readiness;
  const { windowMs, drainTimeoutMs, cleanupTimeoutMs, scrapeWaitMs, keepAliveMinIdleMs } = numbers;
  const wanted: ShutdownSettings = {
    windowMs,
    windowMaxMs: windowMs + beyondMs,
    quietMs: 2000,
    drainTimeoutMs,
    cleanupTimeoutMs,
    scrapeWaitMs,
    keepAliveMinIdleMs,
    graceMs: undefined,
  };
  const noticedMs = readiness === 'fail' ? 2000 * failureThreshold : 0;
  const besideMs = 1000 * (preStopSeconds + (sidecarSeconds ?? (hasSidecar ? 5 : 0)));
  const neededMs = besideMs + longestShutdownMs(wanted) + MARGIN_MS;
  const shortest = ORDER.reduce(
    (own, [phase, least]) => ({ ...own, [phase]: Math.min(own[phase], least(own, noticedMs)) }),
    wanted,
  );
  const leastMs = besideMs + longestShutdownMs({ ...shortest, windowMaxMs: shortest.windowMs }) + MARGIN_MS;
  const platformGraceSeconds = Math.ceil((leastMs + share * (neededMs - leastMs)) / 1000);
  const values = {
    shutdown: {
      window: `${windowMs}ms`,
      windowMax: `${windowMs + beyondMs}ms`,
      drainTimeout: `${drainTimeoutMs}ms`,
      cleanupTimeout: `${cleanupTimeoutMs}ms`,
      scrapeWait: `${scrapeWaitMs}ms`,
      keepAliveMinIdle: `${keepAliveMinIdleMs}ms`,
      preStopSleepSeconds: preStopSeconds,
      readiness,
      sidecarSeconds,
      platformGraceSeconds,
    },
    probes: { readiness: { failureThreshold } },
    initContainers: hasSidecar ? [{ name: 'proxy', image: 'proxy', restartPolicy: 'Always' }] : [],
  };
  return { values, wanted, shortest, besideMs, neededMs, platformMs: 1000 * platformGraceSeconds };
}

describe('a platform that gives less time', () => {
  const drawnReleases = fc.sample(drawn, { numRuns: 50 }).map(release);
  let rendered: KubeObject[][] = [];
  beforeAll(async () => {
    rendered = await renderEach(drawnReleases.map(({ values }) => values));
  }, TIMEOUT);

  const each = (check: (index: number) => void) => {
    for (const [index, { values }] of drawnReleases.entries()) {
      try {
        check(index);
      } catch (error) {
        throw new Error(`with ${JSON.stringify(values)}`, { cause: error });
      }
    }
  };
  const told = (index: number) => loadConfig(envOf(rendered[index] ?? []), false).shutdown;
  const drawnRelease = (index: number) => drawnReleases[index] as ReturnType<typeof release>;

  test('gets a shutdown that fits, in the pod and in the process, and uses all of it', () => {
    each((index) => {
      const { besideMs, neededMs, platformMs } = drawnRelease(index);
      const { terminationGracePeriodSeconds = 0 } = podSpecOf(rendered[index] ?? []).spec;
      const settings = told(index);
      const longestMs = besideMs + longestShutdownMs(settings) + MARGIN_MS;
      expect(budgetProblem(settings)).toBeUndefined();
      expect(longestMs).toBe(Math.min(platformMs, neededMs));
      expect(1000 * terminationGracePeriodSeconds).toBe(1000 * Math.ceil(longestMs / 1000));
      expect(settings.graceMs).toBe(1000 * terminationGracePeriodSeconds - besideMs);
    });
  });

  test('takes from a phase only when all before it have given what they can', () => {
    let shortened = 0;
    each((index) => {
      const { wanted, shortest } = drawnRelease(index);
      const settings = told(index);
      // The window takes its longest along.
      const own = { ...settings, windowMaxMs: Math.max(settings.windowMaxMs, shortest.windowMaxMs) };
      const givers = ORDER.filter(([phase]) => own[phase] < wanted[phase]).length;
      shortened += givers;
      const last = ORDER.findLastIndex(([phase]) => own[phase] < wanted[phase]);
      for (const [at, [phase]] of ORDER.entries()) {
        expect(own[phase]).toBeGreaterThanOrEqual(shortest[phase]);
        expect([phase, at < last && own[phase] > shortest[phase]]).toEqual([phase, false]);
      }
    });
    expect(shortened).toBeGreaterThan(20);
  });
});

test(
  'one second less than the least does not render, and helm says what is missing',
  async () => {
    await expect(render({ values: { shutdown: { platformGraceSeconds: 6 } } })).rejects.toThrow(
      'platformGraceSeconds is 6, but it takes 7 at least, with the phases as short as they make sense: preStopSleepSeconds 0 s + window 2 s + drainTimeout 2 s + cleanupTimeout 1 s + 2 s kept free',
    );
    // Endpoints take their time, whatever readiness says.
    await expect(
      render({ values: { shutdown: { platformGraceSeconds: 6, readiness: 'pass' } } }),
    ).rejects.toThrow('window 2 s');
    expect(podSpecOf(await render({ values: { shutdown: { platformGraceSeconds: 7 } } })).spec).toMatchObject(
      { terminationGracePeriodSeconds: 7 },
    );
  },
  TIMEOUT,
);

test(
  'a drain without limit cannot be planned, and a grace period by hand that is too small is told of the plan',
  async () => {
    const refused = async (shutdown: object, sentence: string) => {
      await expect(render({ values: { shutdown } })).rejects.toThrow(sentence);
    };
    await Promise.all([
      refused({ drainTimeout: 'none', platformGraceSeconds: 60 }, 'give it a number'),
      refused({ terminationGracePeriodSeconds: 15 }, 'set shutdown.platformGraceSeconds to 15 instead'),
      refused({ terminationGracePeriodSeconds: 14, platformGraceSeconds: 15 }, 'may take 15 s'),
    ]);
  },
  TIMEOUT,
);

test(
  'a grace period by hand stays the one of the pod; the process keeps to the platform',
  async () => {
    const shutdown = { terminationGracePeriodSeconds: 60, platformGraceSeconds: 15 };
    const objects = await render({ values: { shutdown } });
    expect(podSpecOf(objects).spec.terminationGracePeriodSeconds).toBe(60);
    expect(envOf(objects)).toMatchObject({
      SHUTDOWN_WINDOW: '5s',
      SHUTDOWN_WINDOW_MAX: '5s',
      SHUTDOWN_DRAIN_TIMEOUT: '4s',
      SHUTDOWN_CLEANUP_TIMEOUT: '4s',
      SHUTDOWN_SCRAPE_WAIT: '0s',
      SHUTDOWN_GRACE_PERIOD: '15s',
    });
  },
  TIMEOUT,
);

test(
  'NOTES.txt says who else ends a pod, and what was given up for it',
  async () => {
    expect(await notes()).toMatch(/sooner than that: spot nodes .*platformGraceSeconds/s);
    const planned = await notes({ values: { shutdown: { platformGraceSeconds: 15 } } });
    expect(planned).toContain(`Given up for it, in this order:
  scrapeWait       15 s, now 0 s
  windowMax        10 s, now 5 s
  drainTimeout     10 s, now 4 s

Reach it`);
    expect(planned).toContain('at 15 s           SIGKILL');
    expect(await notes({ values: { shutdown: { platformGraceSeconds: 50 } } })).toContain('All phases fit.');
  },
  TIMEOUT,
);
