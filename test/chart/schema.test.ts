import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { chartReadme } from '../../scripts/chart-readme.ts';
import { CHART, render } from '../../scripts/helm.ts';
import { expectRefused } from '../support/extras.ts';
import { CHART_NAME } from '../support/names.ts';

const TIMEOUT = 60_000;

interface Schema {
  $ref?: string;
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  definitions?: Record<string, Schema>;
}

const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
const defaults = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;

/** A path of values with what is wrong at its end; the message must name the last key. */
const WRONG: [path: string, value: unknown][] = [
  // Typos: the key does not exist.
  ['replicacount', 3],
  ['replicas', 3],
  ['image.repo', 'x'],
  ['image.pullpolicy', 'Always'],
  ['shutdown.windw', '5s'],
  ['shutdown.gracePeriod', 30],
  ['shutdown.preStopSleep', 5],
  ['config.loglevel', 'info'],
  ['probes.readines', {}],
  ['probes.readiness.period', 2],
  ['probes.liveness.httpGet', {}],
  ['autoscaling.targetCPU', 80],
  ['autoscaling.behavior.scaleDown.window', 300],
  ['podDisruptionBudget.minAvailable', 1],
  ['service.ports', []],
  ['metrics.enabled', true],
  ['metrics.podMonitor.intervall', '15s'],
  ['security.privileged', true],
  ['resources.limit', {}],
  ['affinity.nodeAfinity', {}],
  // Wrong types and values.
  ['replicaCount', '3'],
  ['replicaCount', -1],
  ['shutdown.window', '5 s'],
  ['shutdown.drainTimeout', 'never'],
  ['shutdown.readiness', false],
  ['shutdown.preStopSleepSeconds', '5s'],
  ['shutdown.terminationGracePeriodSeconds', '30s'],
  ['config.trustProxy', true],
  ['image.digest', 'latest'],
  ['image.pullPolicy', 'Sometimes'],
  ['ports.http', 80],
  ['node.heapPercent', 100],
  ['security.runAsUser', 0],
  ['service.type', 'External'],
  ['resources.limits.memory', '1Qi'],
  ['autoscaling.enabled', 'yes'],
  ['metrics.podMonitor.interval', '15'],
  ['podLabels.tier', 1],
  ['configFiles.mountPath', 'etc'],
  ['tmp.sizeLimit', 'big'],
];

test('there are more than thirty wrong values to try', () => {
  expect(WRONG.length).toBeGreaterThan(30);
});

test.each(WRONG)('%s: %j is refused, by name', async (path, value) => expectRefused(path, value), TIMEOUT);

test.each<[string, object, string]>([
  ['volume without a name', { extraVolumes: [{ emptyDir: {} }] }, 'name'],
  ['variable with a number', { extraEnv: [{ name: 'A', value: 1 }] }, 'value'],
  ['key of a toleration', { tolerations: [{ keys: 'a' }] }, 'keys'],
])(
  'a wrong %s in a list is refused too',
  async (_what, values, key) => {
    await expect(render({ values })).rejects.toThrow(new RegExp(`schema.*\\b${key}\\b`, 's'));
  },
  TIMEOUT,
);

/** Kubernetes' own types, which the API server checks better than a copy of them could. */
const OPEN = [
  'affinity.nodeAffinity',
  'affinity.podAffinity',
  'affinity.podAntiAffinity',
  'autoscaling.metrics[]',
  'extraContainers[]',
  'extraVolumes[]',
  'global',
  'httpRoute.filters[]',
  'initContainers[]',
].filter((path) => path === 'global' || /\w+/.exec(path)![0] in defaults);

test("the schema is strict at every level but for Kubernetes' own types", () => {
  const open: string[] = [];
  const visit = (at: Schema, path: string) => {
    const isObject = at.type === 'object' || at.properties !== undefined;
    if (isObject && (at.additionalProperties === undefined || at.additionalProperties === true))
      open.push(path);
    for (const [key, below] of Object.entries(at.properties ?? {}))
      visit(below, path ? `${path}.${key}` : key);
    for (const [key, below] of Object.entries(at.definitions ?? {})) visit(below, `#${key}`);
    if (typeof at.additionalProperties === 'object') visit(at.additionalProperties, `${path}.*`);
    if (at.items) visit(at.items, `${path}[]`);
    for (const below of [...(at.anyOf ?? []), ...(at.allOf ?? [])]) visit(below, path);
  };
  visit(schema, '');
  expect(open.sort()).toEqual(OPEN);
});

test('the schema has a description for every value, and knows every default', () => {
  const silent: string[] = [];
  const visit = ({ properties = {} }: Schema, values: unknown, path: string[]) => {
    for (const [key, below] of Object.entries(properties)) {
      if (below.description === undefined) silent.push([...path, key].join('.'));
      visit(below, (values as Record<string, unknown> | undefined)?.[key], [...path, key]);
    }
  };
  visit(schema, defaults, []);
  expect(silent).toEqual([]);
  const placeholders = ['enabled'];
  expect(Object.keys(schema.properties ?? {}).sort()).toEqual(
    [...Object.keys(defaults), ...placeholders].sort(),
  );
});

test('the table in helm/README.md is what schema and defaults say (npm run chart:readme writes it)', () => {
  const { now, wanted } = chartReadme();
  expect(now).toBe(wanted);
});

test(
  'as a dependency, the chart takes what a parent shares: global values and a condition',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parent-'));
    try {
      const dependency = `- {name: ${CHART_NAME}, version: 0.x, condition: ${CHART_NAME}.enabled}`;
      mkdirSync(join(folder, 'charts'));
      cpSync(CHART, join(folder, 'charts', CHART_NAME), { recursive: true });
      writeFileSync(
        join(folder, 'Chart.yaml'),
        `apiVersion: v2\nname: parent\nversion: 1.0.0\ndependencies:\n${dependency}\n`,
      );
      const values = { global: { region: 'eu' }, [CHART_NAME]: { enabled: true, replicaCount: 3 } };
      const names = (await render({ chart: folder, values })).map(({ kind }) => kind);
      expect(names).toContain('Deployment');
      expect(await render({ chart: folder, values: { [CHART_NAME]: { enabled: false } } })).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  TIMEOUT,
);
