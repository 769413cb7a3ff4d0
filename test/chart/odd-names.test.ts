import { beforeAll, expect, test } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IPod } from 'kubernetes-models/v1';
import {
  CHART,
  helm,
  type KubeObject,
  ofKind,
  parseManifests,
  podSpecOf,
  render,
} from '../../scripts/helm.ts';
import { KINDS, knownOf } from '../support/extras.ts';
import { typeProblems } from '../support/kube-types.ts';

const TIMEOUT = 120_000;

/** Names of a release that YAML takes for something else, and the longest that Helm allows. */
const RELEASES = ['123', '1e3', 'true', 'null', '0x1f', '1.0', 'on', '007', 'r'.repeat(53)];
/** Those that are the name of the chart, too. */
const OVERRIDDEN = ['1e3', '1.0', 'null'];
/** What may stand where any text may. */
const TEXTS = [
  '',
  ' ',
  '~',
  '1_000',
  '12:30:45',
  '2026-11-26',
  '# no',
  'a: b',
  '- a',
  '{{ a }}',
  '"',
  "'",
  'a\nb',
];

/** Everything that can be a text is the odd one. */
const valuesOf = (odd: string) => {
  const annotations = Object.fromEntries([odd, ...TEXTS].map((text, index) => [`odd/${index}`, text]));
  const labels = { odd };
  const paths = [odd, '# no', 'a: b'].map((text) => ({ path: `/${text}`, pathType: 'Prefix' }));
  return knownOf({
    image: { tag: odd },
    ...(OVERRIDDEN.includes(odd) && { nameOverride: odd, fullnameOverride: 'orders' }),
    ...(/^\d+$/.test(odd) && { namespaceOverride: odd }),
    networkPolicy: { enabled: true, trafficFrom: [{ podSelector: { matchLabels: labels } }] },
    autoscaling: { enabled: true },
    service: { annotations, labels },
    serviceAccount: { annotations, name: odd },
    ingress: {
      enabled: true,
      className: odd,
      annotations,
      hosts: [{ host: odd, paths }],
      tls: [{ secretName: odd, hosts: [odd] }],
    },
    httpRoute: { enabled: true, parentRefs: [{ name: odd, namespace: odd }], hostnames: [odd], annotations },
    configFiles: {
      data: Object.fromEntries([[odd, odd], ...TEXTS.map((text, index) => [`file${index}`, text])]),
    },
    migrations: { enabled: true, args: [odd, ...TEXTS] },
    cronJobs: { 456: { schedule: '@daily', timeZone: 'Etc/UTC', args: [odd, ...TEXTS] } },
    verticalPodAutoscaler: { enabled: true },
    global: { imageRegistry: odd, imagePullSecrets: [odd] },
    metrics: {
      podMonitor: { enabled: true, labels },
      prometheusRule: { enabled: true, labels },
      dashboard: { enabled: true, labels, annotations },
    },
    tls: { enabled: true, secretName: odd },
    extraEnv: TEXTS.map((value, index) => ({ name: `ODD_${index}`, value })),
    imagePullSecrets: [{ name: odd }],
    command: [odd],
    args: TEXTS,
    lifecycle: { postStart: { exec: { command: [odd, ...TEXTS] } } },
    commonLabels: { common: odd },
    commonAnnotations: Object.fromEntries(TEXTS.map((text, index) => [`common/${index}`, text])),
    deploymentAnnotations: annotations,
    podLabels: labels,
    podAnnotations: annotations,
    nodeSelector: labels,
    tolerations: [{ key: odd, operator: 'Equal', value: odd, effect: 'NoSchedule' }],
    priorityClassName: odd,
    runtimeClassName: odd,
    hostAliases: [{ ip: '10.0.0.1', hostnames: [odd] }],
    dnsConfig: { options: [{ name: odd, value: odd }] },
  });
};

const releases = new Map<string, KubeObject[]>();
let problems: Record<string, string[]> = {};

beforeAll(async () => {
  const rendered = RELEASES.map(async (release) => {
    const args = ['template', release, CHART, '--namespace', release.slice(0, 20), '-f', '-'];
    const { stdout, stderr } = await helm(args, valuesOf(release));
    if (stdout === '') throw new Error(stderr);
    return [release, parseManifests(stdout)] as const;
  });
  for (const [release, objects] of await Promise.all(rendered)) releases.set(release, objects);
  problems = await typeProblems(Object.fromEntries(releases));
}, TIMEOUT);

test.each(RELEASES)('release %s: a text is a text, in every object', (release) => {
  const objects = releases.get(release) ?? [];
  // Two monitors of the same pods are refused.
  const kinds = KINDS.filter((kind) => !['ServiceMonitor', 'PodMonitoring'].includes(kind));

  expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
  expect(problems[release]).toEqual([]);
  const [deployment] = ofKind<IDeployment>(objects, 'Deployment');
  const { spec, container } = podSpecOf(objects);
  expect(deployment?.metadata?.annotations).toMatchObject(
    valuesOf(release)['deploymentAnnotations'] as object,
  );
  expect(spec).toMatchObject({ serviceAccountName: release, priorityClassName: release });
  expect(container.env).toEqual(expect.arrayContaining(valuesOf(release)['extraEnv'] as object[]));
});

test.each(RELEASES)('release %s: every selector has the labels of the pods, and of no others', (release) => {
  const objects = releases.get(release) ?? [];
  const labels = ofKind<IDeployment>(objects, 'Deployment')[0]?.spec?.template.metadata?.labels ?? {};
  const selector = {
    'app.kubernetes.io/name': labels['app.kubernetes.io/name'],
    'app.kubernetes.io/instance': release,
  };
  const others = [
    ...ofKind<IPod>(objects, 'Pod').map(({ metadata }) => metadata?.labels),
    ...ofKind<IJob>(objects, 'Job').map((job) => job.spec?.template.metadata?.labels),
  ];

  expect(labels).toMatchObject(selector);
  const found = selectorsOf(objects);
  expect(found.length).toBeGreaterThan(5);
  for (const one of found) expect(one).toEqual(selector);
  for (const other of others) expect(other).not.toMatchObject(selector);
});

test.each(RELEASES)('release %s: its names are those that a Service may have', (release) => {
  const names = (releases.get(release) ?? []).map(({ metadata }) => metadata.name);

  for (const name of names.filter((one) => one !== release))
    expect(name).toMatch(/^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
});

test.each([
  ['fullnameOverride', '1e3'],
  ['fullnameOverride', 'Orders'],
  ['nameOverride', 'or_ders'],
])(
  '%s: %s, which no Service can be called, does not render, and helm says why',
  async (key, value) => {
    await expect(render({ values: { [key]: value } })).rejects.toThrow(
      new RegExp(`would be called (rel-)?${value}, and a Service can't: expected lower-case letters`),
    );
  },
  TIMEOUT,
);

/** What finds the pods of the service: not the peers in a NetworkPolicy, which are somebody else. */
function selectorsOf(objects: KubeObject[]): unknown[] {
  const found: unknown[] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, below] of Object.entries(value)) {
      if (key === 'from' || key === 'to' || key === 'nodeSelector') continue;
      const isSelector =
        key === 'matchLabels' || (key === 'selector' && !Object.hasOwn(below as object, 'matchLabels'));
      if (isSelector) found.push(below);
      else visit(below);
    }
  };
  for (const object of objects) visit(object);
  return found;
}
