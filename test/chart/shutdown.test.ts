import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { loadAll, loadConfig } from '../../src/lastcall/config/config.ts';
import { defaults } from '../../src/service/variables.ts';
import { SCHEMA } from '../../src/lastcall/config/schema.ts';
import {
  budgetProblem,
  longestShutdownMs,
  MARGIN_MS,
  type ShutdownSettings,
} from '../../src/lastcall/lifecycle/budget.ts';
import { CI_VALUES } from '../support/ci-values.ts';
import { envOf, notes, podSpecOf, render, RenderError } from '../../scripts/helm.ts';

const TIMEOUT = 120_000;

/** As a user writes it, with what the service understands by it. */
const duration = (maxMs: number) =>
  fc
    .oneof(
      fc.constant('0'),
      fc.integer({ min: 0, max: maxMs }).map((ms) => `${ms}ms`),
      fc.integer({ min: 0, max: maxMs }).map((ms) => `${ms / 1000}s`),
      fc.integer({ min: 0, max: Math.floor(maxMs / 6000) }).map((tenths) => `${tenths / 10}m`),
    )
    .filter((text) => !text.includes('e'));

const numbers = fc.record({
  window: duration(20_000),
  beyondWindow: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  drainTimeout: fc.oneof(
    { weight: 4, arbitrary: duration(120_000) },
    { arbitrary: fc.constant('none'), weight: 1 },
  ),
  cleanupTimeout: duration(30_000),
  scrapeWait: duration(60_000),
  preStopSleepSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 })),
  // By hand: this much away from what is needed, because that is where a wrong sum shows.
  graceOff: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
});

const ms = (text: string) => SCHEMA.shutdown.drainTimeoutMs.parse(text);

type Numbers = typeof numbers extends fc.Arbitrary<infer T> ? T : never;

/** The same numbers as the chart's values, and as the settings of the process. */
function both({ beyondWindow, graceOff, ...rest }: Numbers) {
  const windowMs = ms(rest.window);
  const windowMaxMs = beyondWindow === undefined ? Math.max(windowMs, 10_000) : windowMs + beyondWindow;
  const settings: ShutdownSettings = {
    windowMs,
    windowMaxMs,
    quietMs: 2000,
    drainTimeoutMs: ms(rest.drainTimeout),
    keepAliveMinIdleMs: 1000,
    cleanupTimeoutMs: ms(rest.cleanupTimeout),
    scrapeWaitMs: ms(rest.scrapeWait),
    graceMs: undefined,
  };
  const preStopMs = rest.preStopSleepSeconds * 1000;
  const unlimited = settings.drainTimeoutMs === Infinity;
  const neededMs =
    preStopMs + longestShutdownMs(unlimited ? { ...settings, drainTimeoutMs: 0 } : settings) + MARGIN_MS;
  const byHand = graceOff === undefined ? undefined : Math.max(1, Math.ceil(neededMs / 1000) + graceOff);
  const values = {
    shutdown: {
      ...rest,
      ...(beyondWindow === undefined ? {} : { windowMax: `${windowMaxMs}ms` }),
      readiness: 'pass', // or a short window would not suit the probe, which is another rule
      terminationGracePeriodSeconds: byHand ?? null,
    },
  };
  return { values, settings, preStopMs, neededMs, byHand, unlimited };
}

/** What the chart makes of the values, and what the process makes of that. */
async function outcomeOf(values: object) {
  try {
    const objects = await render({
      values,
      kubeVersion: '1.34.0',
      args: ['-s', 'templates/deployment.yaml'],
    });
    const graceMs = (podSpecOf(objects).spec.terminationGracePeriodSeconds ?? 0) * 1000;
    return { graceMs, process: loadConfig(envOf(objects), false).shutdown };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { neededSeconds: Number(/([\d.]+) s = preStopSleepSeconds/.exec(error.message)?.[1]) };
  }
}

test(
  'whatever renders gives the pod the time of all its phases, and what does not fit fails with the sum',
  async () => {
    const tally = { rendered: 0, refused: 0 };
    const property = fc.asyncProperty(fc.array(numbers, { minLength: 3, maxLength: 3 }), async (triple) => {
      const checkOne = async (drawn: Numbers) => {
        const { values, settings, preStopMs, neededMs, byHand, unlimited } = both(drawn);
        const graceMs = (byHand ?? Math.ceil(neededMs / 1000)) * 1000;
        const inProcess = { ...settings, graceMs: graceMs - preStopMs };
        const fits = byHand === undefined ? !unlimited : budgetProblem(inProcess) === undefined;
        const outcome = await outcomeOf(values);
        expect(outcome).toMatchObject(
          fits ? { graceMs, process: inProcess } : { neededSeconds: neededMs / 1000 },
        );
        expect(outcome.graceMs ?? Infinity).toBeGreaterThanOrEqual(neededMs);
        tally[fits ? 'rendered' : 'refused']++;
      };
      await Promise.all(triple.map(checkOne));
    });
    await fc.assert(property, { numRuns: 25 });
    expect(Math.min(tally.rendered, tally.refused)).toBeGreaterThan(5);
  },
  TIMEOUT,
);

describe('what cannot work does not render', () => {
  test.each<[string, object, RegExp]>([
    [
      'a grace period that is too small',
      { terminationGracePeriodSeconds: 30 },
      /is 30, but the shutdown may take 41 s = preStopSleepSeconds 0 s \+ windowMax 10 s \+ drainTimeout 10 s \+ cleanupTimeout 4 s \+ scrapeWait 15 s \+ 2 s kept free: raise it to 41/,
    ],
    [
      'an endless drain without a grace period by hand',
      { drainTimeout: 'none' },
      /drainTimeout is none.*set shutdown\.terminationGracePeriodSeconds to more than 31 s/,
    ],
    [
      'an endless drain in a grace period without a moment for it',
      { drainTimeout: 'none', terminationGracePeriodSeconds: 31 },
      /is 31, which leaves no time to drain: .* must exceed 31 s/,
    ],
    [
      'a longest window below the least',
      { windowMax: '3s' },
      /windowMax is 3s, below shutdown\.window, which is 5s/,
    ],
    [
      'a readiness probe that is slower than the window',
      { window: '1500ms' },
      /probes\.readiness\.periodSeconds is 2, longer than shutdown\.window, which is 1500ms/,
    ],
  ])(
    '%s',
    async (_what, shutdown, sentence) => {
      await expect(render({ values: { shutdown } })).rejects.toThrow(sentence);
    },
    TIMEOUT,
  );

  test(
    'a preStop sleep on a cluster that does not know it',
    async () => {
      const values = { shutdown: { preStopSleepSeconds: 5 } };
      await expect(render({ values, kubeVersion: '1.29.9' })).rejects.toThrow(
        /preStopSleepSeconds is 5, but Kubernetes v1\.29\.9 does not know/,
      );
      // Vendors' versions have a suffix, which semver would take for a pre-release.
      for (const kubeVersion of ['1.30.0', 'v1.30.2-gke.100', '1.36.0']) {
        const { spec, container } = podSpecOf(await render({ values, kubeVersion }));
        expect(container.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
        expect(spec.terminationGracePeriodSeconds).toBe(46);
      }
    },
    TIMEOUT,
  );

  test.each(['5sec', '-1s', '25h', '1e3ms', 'none', ''])(
    'the duration %p, even if the schema is not asked',
    async (window) => {
      await expect(
        render({ values: { shutdown: { window } }, args: ['--skip-schema-validation'] }),
      ).rejects.toThrow(/shutdown\.window: ".*" is (not a duration|more than 24h)/);
    },
    TIMEOUT,
  );
});

test(
  'there is no preStop hook unless somebody asks for one',
  async () => {
    expect(podSpecOf(await render()).container.lifecycle).toBeUndefined();
  },
  TIMEOUT,
);

test(
  "the chart's defaults are the service's own",
  async () => {
    const options = { terminal: false, variables: {}, rooms: [], defaults };
    const { config: own } = loadAll({}, options);
    const env = { ...envOf(await render()), POD_NAME: own.service.pod };
    const { config: rendered } = loadAll(env, options);
    expect(rendered).toEqual({ ...own, shutdown: { ...own.shutdown, graceMs: 41_000 } });
  },
  TIMEOUT,
);

describe('NOTES.txt prints the timeline with the numbers of the release', () => {
  const timeline = async (values: object) =>
    [...(await notes({ values })).matchAll(/^ {2}(from|until|at) ([\d.]+ s) +([\w ]+)/gm)].map(
      ([, when, at, what]) => `${when} ${at} ${what?.trim()}`,
    );

  test(
    'with the defaults',
    async () => {
      expect(await timeline({})).toEqual([
        'from 0 s window',
        'until 5 s at least',
        'until 10 s at most',
        'until 20 s drain',
        'until 24 s cleanup hooks',
        'until 39 s wait for Prometheus to read the last numbers',
        'at 41 s SIGKILL',
      ]);
    },
    TIMEOUT,
  );

  test(
    'with a preStop sleep, a drain without limit and no wait for a scrape',
    async () => {
      const shutdown = {
        preStopSleepSeconds: 3,
        window: '4500ms',
        windowMax: '4500ms',
        drainTimeout: 'none',
        scrapeWait: 0,
        terminationGracePeriodSeconds: 90,
      };
      expect(await timeline({ shutdown })).toEqual([
        'from 0 s preStop sleep',
        'from 3 s window',
        'until 7.5 s at most',
        'until 84 s drain',
        'until 88 s cleanup hooks',
        'at 90 s SIGKILL',
      ]);
      expect(await notes({ values: { shutdown } })).toContain('no wait for a last scrape (scrapeWait is 0)');
    },
    TIMEOUT,
  );

  test.each<[string, object, string[]]>([
    ['nothing with the defaults', {}, []],
    [
      'one replica',
      { replicaCount: 1 },
      ['Only one replica is guaranteed and shutdown.readiness is fail', 'No PodDisruptionBudget'],
    ],
    [
      'one replica that passes',
      { replicaCount: 1, shutdown: { readiness: 'pass' } },
      ['No PodDisruptionBudget'],
    ],
    [
      'a local policy',
      { service: { type: 'NodePort', externalTrafficPolicy: 'Local' } },
      ['externalTrafficPolicy is Local'],
    ],
    [
      'a slow threshold',
      { probes: { readiness: { failureThreshold: 3 } } },
      ['takes up to 6 s to fail (2 s x 3)'],
    ],
    [
      'a slow scrape',
      { metrics: { podMonitor: { enabled: true, interval: '30s' } } },
      ['metrics.podMonitor.interval (30s) is longer than shutdown.scrapeWait (15s)'],
    ],
  ])(
    'and warns of %s',
    async (_what, values, warnings) => {
      const found = (await notes({ values })).match(/^NOTE .*$/gm) ?? [];
      expect(found).toEqual(warnings.map((warning): unknown => expect.stringContaining(warning)));
    },
    TIMEOUT,
  );

  test.each(CI_VALUES)(
    'for helm/ci/%s too',
    async (_name, file) => {
      expect(await notes({ files: [file] })).toContain('SIGKILL (terminationGracePeriodSeconds');
    },
    TIMEOUT,
  );
});
