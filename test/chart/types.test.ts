import { beforeAll, expect, test } from '@jest/globals';
import { CI_VALUES } from '../support/ci-values.ts';
import { type KubeObject, render } from '../../scripts/helm.ts';
import { DEPLOYED } from '../support/deploy.ts';
import { KINDS } from '../support/extras.ts';
import { typeProblems } from '../support/kube-types.ts';

const TIMEOUT = 120_000;

/** A wrong field in an otherwise right object: where, what, and the word that tsc must say about it. */
const PLANTED: [what: string, kind: string, path: string, value: unknown, says: string][] = [
  ['an unknown field', 'Deployment', 'spec.replica', 2, 'replica'],
  [
    'a field in the wrong case',
    'Deployment',
    'spec.template.spec.containers.0.livenessprobe',
    {},
    'livenessprobe',
  ],
  [
    'a number for the value of a variable',
    'Deployment',
    'spec.template.spec.containers.0.env.0.value',
    5,
    'value',
  ],
  ['a missing selector', 'Deployment', 'spec.selector', undefined, 'selector'],
  ['a text for a number', 'Deployment', 'spec.minReadySeconds', '5', 'minReadySeconds'],
  [
    'a wrong word',
    'Deployment',
    'spec.template.spec.containers.0.imagePullPolicy',
    'Sometimes',
    'imagePullPolicy',
  ],
  [
    'an unknown field of a volume',
    'Deployment',
    'spec.template.spec.volumes.0.emptyDir.limit',
    '1Gi',
    'limit',
  ],
  ['an unknown field', 'Service', 'spec.ports.0.target', 'http', 'target'],
  ['an unknown field', 'HorizontalPodAutoscaler', 'spec.behavior.scaleUp.window', 5, 'window'],
  ['an unknown field', 'PodDisruptionBudget', 'spec.maxAvailable', 1, 'maxAvailable'],
  ['an unknown field', 'Job', 'spec.backofLimit', 3, 'backofLimit'],
  ['an unknown field', 'CronJob', 'spec.jobTemplate.spec.schedule', '@daily', 'schedule'],
  ['a wrong word', 'VerticalPodAutoscaler', 'spec.updatePolicy.updateMode', false, 'updateMode'],
  ['an unknown field', 'PodMonitoring', 'spec.endpoints.0.scrapeTimeout', '5s', 'scrapeTimeout'],
  ['an unknown field', 'NetworkPolicy', 'spec.ingress.0.port', 80, 'port'],
  ['an unknown field', 'Ingress', 'spec.className', 'nginx', 'className'],
  ['an unknown field', 'HTTPRoute', 'spec.rules.0.backends', [], 'backends'],
  ['a missing name', 'HTTPRoute', 'spec.parentRefs', [{}], 'name'],
  ['an unknown field', 'PodMonitor', 'spec.podMetricsEndpoints.0.Interval', '5s', 'Interval'],
  ['an unknown field', 'ServiceMonitor', 'spec.endpoints.0.portName', 'x', 'portName'],
  ['a wrong word', 'ServiceMonitor', 'spec.serviceDiscoveryRole', 'EndpointSlices', 'serviceDiscoveryRole'],
  ['an unknown field', 'Application', 'spec.source.helm.releasename', 'x', 'releasename'],
  ['an unknown field', 'OCIRepository', 'spec.ref.tags', 'x', 'tags'],
  ['an unknown field', 'HelmRelease', 'spec.chartref', {}, 'chartref'],
  ['an unknown field', 'PrometheusRule', 'spec.groups.0.rules.0.expression', 'up', 'expression'],
];

/** Values that exclude others, or an old Kubernetes. */
const APART = 'what the examples leave out';
const VALUES_APART = {
  shutdown: { preStopSleepSeconds: 5 },
  strategy: { type: 'Recreate' },
  service: { trafficDistribution: 'PreferSameZone' },
  serviceAccount: { automount: true },
  metrics: {
    podMonitoring: {
      enabled: true,
      metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'nodejs_gc_.*', action: 'drop' }],
    },
  },
};

const kinds = [...KINDS, ...DEPLOYED.flatMap(({ objects }) => objects.map(({ kind }) => kind))];
const titled = PLANTED.filter(([, kind]) => kinds.includes(kind)).map(
  (planted) => [`${planted[0]}: ${planted[1]} ${planted[2]}`, planted] as const,
);
let problems: Record<string, string[]> = {};

beforeAll(async () => {
  const groups: Record<string, KubeObject[]> = {};
  for (const [name, file] of CI_VALUES) groups[name] = await render({ files: [file], kubeVersion: '1.36.0' });
  groups[APART] = await render({ values: VALUES_APART, kubeVersion: '1.34.0' });
  for (const { file, objects } of DEPLOYED) groups[file] = objects;
  const all = Object.values(groups).flat();
  for (const [title, [, kind, path, value]] of titled) {
    const object = all.findLast((candidate) => candidate.kind === kind);
    if (object === undefined) throw new Error(`no values file renders a ${kind}`);
    groups[title] = [planted(object, path, value)];
  }
  problems = await typeProblems(groups);
}, TIMEOUT);

const sources = [...CI_VALUES.map(([name]) => name), APART, ...DEPLOYED.map(({ file }) => file)];
test.each(sources)(
  'every object of %s is one that the Kubernetes API, or that of its operator, knows',
  (name) => {
    expect(problems[name]).toEqual([]);
  },
);

test.each(titled)('the types catch %s', (title, [, , , , says]) => {
  expect(problems[title]).toHaveLength(1);
  expect(problems[title]?.[0]).toContain(says);
});

function planted(object: KubeObject, path: string, value: unknown): KubeObject {
  const copy = structuredClone(object);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = copy as unknown as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
