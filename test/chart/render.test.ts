import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPod, IService } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { CI_VALUES, KUBE_VERSIONS } from '../support/ci-values.ts';
import { KINDS, knownOf } from '../support/extras.ts';
import { CHART_NAME } from '../support/names.ts';
import {
  CHART,
  helm,
  ofKind,
  parseManifests,
  podSpecOf,
  render,
  type RenderOptions,
} from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

describe.each(CI_VALUES)('with the values of helm/ci/%s', (_name, file) => {
  test.each(KUBE_VERSIONS)(
    'helm lint --strict has nothing to say for Kubernetes %s',
    async (version) => {
      const args = ['lint', '--strict', CHART, '-f', file, '--kube-version', version];
      const { code, stdout, stderr } = await helm(args);
      expect({ code, said: (stdout + stderr).match(/\[(WARNING|ERROR)\].*/g) }).toEqual({
        code: 0,
        said: null,
      });
    },
    TIMEOUT,
  );

  test.each(KUBE_VERSIONS)(
    'it renders for Kubernetes %s, every object once',
    async (kubeVersion) => {
      const objects = await render({ files: [file], kubeVersion });
      const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      expect(names).toContain(`Deployment/rel-${CHART_NAME}`);
      expect(new Set(names).size).toBe(names.length);
    },
    TIMEOUT,
  );

  test(
    'the management port is in nothing that takes traffic',
    async () => {
      const objects = await render({ files: [file] });
      const services = ofKind<IService>(objects, 'Service');
      const traffic = services.filter(({ spec }) => spec?.clusterIP !== 'None');
      expect(traffic).toHaveLength(1);
      expect(
        traffic.flatMap(({ spec }) => spec?.ports ?? []).map(({ targetPort }) => targetPort),
      ).not.toContain('management');
      const backends = ofKind<IIngress>(objects, 'Ingress')
        .flatMap(({ spec }) => spec?.rules ?? [])
        .flatMap(({ http }) => http?.paths ?? [])
        .map(({ backend }) => backend.service);
      for (const backend of backends) {
        expect(backend).toEqual({ name: traffic[0]?.metadata?.name, port: { name: 'http' } });
      }
    },
    TIMEOUT,
  );

  test(
    'a Service finds the pods of the Deployment and no others',
    async () => {
      const objects = await render({ files: [file] });
      const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as {
        spec: { selector: { matchLabels: object }; template: { metadata: { labels: object } } };
      };
      expect(deployment.spec.template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
      for (const { spec } of ofKind<IService>(objects, 'Service')) {
        expect(spec?.selector).toEqual(deployment.spec.selector.matchLabels);
        const others = [
          ...ofKind<IPod>(objects, 'Pod'),
          ...ofKind<IJob>(objects, 'Job').flatMap((job) => job.spec?.template ?? []),
        ];
        for (const { metadata } of others) {
          expect(metadata?.labels).not.toMatchObject(spec?.selector ?? {});
        }
      }
    },
    TIMEOUT,
  );
});

describe('the pod', () => {
  test(
    'never goes below the wanted number in a rollout, and takes no configuration from service links',
    async () => {
      const objects = await render();
      const [deployment] = ofKind<{ spec: object }>(objects, 'Deployment');
      expect(deployment?.spec).toMatchObject({
        minReadySeconds: 5,
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
        template: { spec: { enableServiceLinks: false, automountServiceAccountToken: false } },
      });
    },
    TIMEOUT,
  );

  test(
    'has its heap sized from the memory limit, and left alone without one',
    async () => {
      const sized = async (values: object) => {
        const { env = [] } = podSpecOf(await render({ values })).container;
        return env.find(({ name }) => name === 'NODE_OPTIONS')?.value;
      };
      expect(await sized({})).toBe('--max-old-space-size-percentage=75');
      expect(await sized({ node: { heapPercent: 60, options: '--enable-source-maps' } })).toBe(
        '--max-old-space-size-percentage=60 --enable-source-maps',
      );
      expect(await sized({ node: { heapPercent: 0 } })).toBeUndefined();
      expect(await sized({ resources: { limits: null } })).toBeUndefined();
      expect(await sized({ resources: null })).toBeUndefined();
    },
    TIMEOUT,
  );

  test(
    'restarts when a file of its configuration changes, and not when another thing does',
    async () => {
      const annotations = async (values: object) => {
        const [deployment] = ofKind<{ spec: { template: { metadata: { annotations: object } } } }>(
          await render({ values }),
          'Deployment',
        );
        return deployment?.spec.template.metadata.annotations;
      };
      const first = await annotations({ configFiles: { data: { 'a.json': '1' } } });
      expect(first).toHaveProperty('checksum/config');
      expect(await annotations({ configFiles: { data: { 'a.json': '2' } } })).not.toEqual(first);
      expect(await annotations({ configFiles: { data: { 'a.json': '1' } }, replicaCount: 5 })).toEqual(first);
    },
    TIMEOUT,
  );

  test(
    'takes an image by digest before one by tag, and the version of the chart before nothing',
    async () => {
      const digest = `sha256:${'0'.repeat(64)}`;
      const image = async (values: object) =>
        podSpecOf(await render({ values: { image: { repository: '', ...values } } })).container.image;
      const { appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { appVersion: string };
      expect(await image({})).toBe(`${CHART_NAME}:${appVersion}`);
      expect(await image({ tag: 'v2' })).toBe(`${CHART_NAME}:v2`);
      expect(await image({ tag: 'v2', digest })).toBe(`${CHART_NAME}@${digest}`);
    },
    TIMEOUT,
  );
});

test('the chart is of the same version as the package', () => {
  const { appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { appVersion: string };
  const { version } = JSON.parse(readFileSync(join(CHART, '../package.json'), 'utf8')) as { version: string };
  expect(appVersion).toBe(version);
});

test(
  'what is not set is named after the chart: the image, and the folder of the files',
  async () => {
    const { container } = podSpecOf(
      await render({
        values: { configFiles: { data: { 'a.json': '{}' } }, image: { repository: '', tag: 'v2' } },
      }),
    );
    expect(container.name).toBe(CHART_NAME);
    expect(container.image).toBe(`${CHART_NAME}:v2`);
    expect(container.volumeMounts?.find(({ name }) => name === 'config')?.mountPath).toBe(
      `/etc/${CHART_NAME}`,
    );
  },
  TIMEOUT,
);

// YAML takes them for numbers, and the API server refuses a label that is one.
test.each([
  ['123', '456'],
  ['1e3', '0x10'],
])(
  'the release %s in namespace %s has names and labels that are texts',
  async (release, namespace) => {
    const values = knownOf({
      fullnameOverride: release,
      nameOverride: '789',
      networkPolicy: { enabled: true, trafficFrom: [{ podSelector: {} }] },
      autoscaling: { enabled: true },
      ingress: { enabled: true },
      httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] },
      configFiles: { data: { 'a.json': '{}' } },
      migrations: { enabled: true, args: ['migrate.js'] },
      metrics: { podMonitor: { enabled: true }, prometheusRule: { enabled: true } },
    });
    const args = ['template', release, CHART, '--namespace', namespace, '-f', '-'];
    const objects = parseManifests((await helm(args, values)).stdout);
    // Two monitors of the same pods are refused.
    const kinds = KINDS.filter((kind) => kind !== 'ServiceMonitor');
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
    const numbers: string[] = [];
    /** Whatever is called name or namespace, or is in labels or in a selector. */
    const visit = (value: unknown, path: string, inLabels = false) => {
      if (typeof value === 'object' && value !== null) {
        for (const [key, below] of Object.entries(value)) {
          const isText = inLabels || ['name', 'namespace', 'serviceAccountName'].includes(key);
          const labels = /^(labels|matchLabels|selector)$/.test(key) || (inLabels && !Array.isArray(value));
          if (isText && typeof below === 'number') numbers.push(`${path}.${key}`);
          visit(below, `${path}.${key}`, labels);
        }
      }
    };
    for (const object of objects) visit(object, object.kind);
    expect(numbers).toEqual([]);
    expect(podSpecOf(objects).spec.serviceAccountName).toBe(release);
  },
  TIMEOUT,
);

test(
  'names stay within what a DNS label holds, however long the release is called',
  async () => {
    const metrics = { serviceMonitor: { enabled: true }, dashboard: { enabled: true } };
    const args = ['template', 'r'.repeat(53), CHART, '-f', '-'];
    const { stdout } = await helm(args, knownOf({ metrics }));
    const names = parseManifests(stdout).map(({ metadata }) => metadata.name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => name.length > 63)).toEqual([]);
    expect(new Set(names.filter((name) => name.endsWith('-management'))).size).toBe(1);
  },
  TIMEOUT,
);

test.each<[string, RenderOptions['values'], RegExp]>([
  [
    'two listeners on one port',
    { ports: { http: 8081, management: 8081 } },
    /ports.*must differ: 8081, 8081/,
  ],
  [
    'a second truth about a number of the shutdown',
    { extraEnv: [{ name: 'SHUTDOWN_WINDOW', value: '1s' }] },
    /extraEnv sets SHUTDOWN_WINDOW/,
  ],
  ['a second port', { extraEnv: [{ name: 'PORT', value: '1' }] }, /extraEnv sets PORT/],
  [
    'a rollout that can neither add nor remove a pod',
    { strategy: { maxSurge: 0 } },
    /maxSurge and strategy\.maxUnavailable are both 0/,
  ],
  [
    'two monitors of the same pods',
    { metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } },
    /scraped twice/,
  ],
  [
    'a job that alerts and dashboard would not find',
    {
      metrics: {
        podMonitor: { enabled: true, relabelings: [{ targetLabel: 'job', replacement: 'mine' }] },
      },
    },
    /podMonitor\.relabelings sets the label job/,
  ],
])(
  '%s does not render, and helm says why',
  async (_what, values, sentence) => {
    await expect(render({ values: values ?? {} })).rejects.toThrow(sentence);
  },
  TIMEOUT,
);
