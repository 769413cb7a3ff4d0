import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ownSubject } from '../../rehearsal/subject/built-service.ts';
import { fromChart } from '../../rehearsal/subject/chart.ts';
import { CHART, helmBinary } from '../../scripts/helm.ts';
import { CI_VALUES } from '../support/ci-values.ts';
import { BUILT } from '../support/rehearsal-plan.ts';

/** What Helm would deploy with these values. */
async function deployed(files: string[], set: string[] = [], inherited: Record<string, string> = {}) {
  return fromChart({ helm: await helmBinary(), chart: CHART, files, set }, BUILT, inherited, {});
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'values-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function valuesFile(text: string): string {
  const file = join(folder, `${Math.random()}.yaml`);
  writeFileSync(file, text);
  return file;
}

test('without a chart, the pod is what the chart makes of its defaults', async () => {
  const chart = await deployed([]);
  const { pod } = ownSubject(BUILT, {}, {});

  expect(pod).toEqual(chart.pod);
});

test('everything that decides a shutdown comes from the values', async () => {
  const values = valuesFile(`
replicaCount: 4
minReadySeconds: 3
strategy: {maxSurge: 50%, maxUnavailable: 1}
shutdown: {window: 3s, drainTimeout: 7s, preStopSleepSeconds: 2}
probes: {readiness: {periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2}}
`);

  const { program, pod, deployment } = await deployed([values], ['shutdown.cleanupTimeout=6s']);

  expect(program.environment).toMatchObject({
    SHUTDOWN_WINDOW: '3s',
    SHUTDOWN_DRAIN_TIMEOUT: '7s',
    SHUTDOWN_CLEANUP_TIMEOUT: '6s',
  });
  expect(pod.preStopMs).toBe(2000);
  // window max 10 + drain 7 + cleanup 6 + scrape 15 + 2 kept free + 2 of preStop
  expect(pod.graceMs).toBe(42_000);
  expect(pod.readiness).toMatchObject({
    port: 'MANAGEMENT_PORT',
    path: '/readyz',
    periodMs: 1000,
    failureThreshold: 2,
  });
  expect(deployment).toEqual({ replicas: 4, maxSurge: 2, maxUnavailable: 1, minReadyMs: 3000 });
});

test.each(CI_VALUES)('the values of %s can be rehearsed', async (_name, file) => {
  const { program, left } = await deployed([file], [], { PATH: '/bin' });

  expect(program.environment).toMatchObject({ HOST: '127.0.0.1', PATH: '/bin' });
  expect(program.environment).not.toHaveProperty('TLS_PORT');
  expect(program.environment).not.toHaveProperty('OTEL_EXPORTER_OTLP_ENDPOINT');
  for (const sentence of left) expect(sentence).toMatch(/^[A-Z].*\.$/);
});

test('a chart that does not render says why, in the words of helm', async () => {
  await expect(deployed([], ['shutdown.window=5'])).rejects.toMatchObject({
    code: 'REHEARSAL_USAGE',
    message: expect.stringContaining('shutdown.window is 5, without a unit'),
  });
});

test('a machine without helm is told that the chart needs it', async () => {
  const source = { helm: 'no-such-helm', chart: CHART, files: [], set: [] };

  await expect(fromChart(source, BUILT, {}, {})).rejects.toMatchObject({
    code: 'REHEARSAL_USAGE',
    message: expect.stringMatching(/there is no no-such-helm on PATH: the chart needs helm 3\.16 or newer/),
  });
});

test('a variable from a Secret is taken from here, or said to be missing', async () => {
  const values = valuesFile(`
extraEnv:
  - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
`);

  const without = await deployed([values]);
  const given = await deployed([values], [], { DATABASE_URL: 'postgres://localhost' });

  expect(without.left).toEqual([expect.stringMatching(/^DATABASE_URL comes from a Secret/)]);
  expect(given.left).toEqual([]);
  expect(given.program.environment).toMatchObject({ DATABASE_URL: 'postgres://localhost' });
});
