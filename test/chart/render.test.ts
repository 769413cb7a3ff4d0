import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPod, IService } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { CI_VALUES, KUBE_VERSIONS } from '../support/ci-values.ts';
import { knownOf } from '../support/extras.ts';
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

describe.each(CI_VALUES)('with the values of helm/ci/%s', (name, file) => {
  // What depends on the version is in all values together.
  const versions = KUBE_VERSIONS.filter(
    (_version, at) => name === 'everything' || [0, KUBE_VERSIONS.length - 1].includes(at),
  );

  test.each(versions)(
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

  test.each(versions)(
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
      const names = traffic[0]?.spec?.ports?.map(({ name }) => name);
      const backends = ofKind<IIngress>(objects, 'Ingress')
        .flatMap(({ spec }) => spec?.rules ?? [])
        .flatMap(({ http }) => http?.paths ?? [])
        .map(({ backend }) => backend.service);
      for (const backend of backends) {
        expect(backend?.name).toBe(traffic[0]?.metadata?.name);
        expect(names).toContain(backend?.port?.name);
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
          ...ofKind<ICronJob>(objects, 'CronJob').flatMap(
            (job) => job.spec?.jobTemplate.spec?.template ?? [],
          ),
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

  test(
    'says in its labels which version of the image it is',
    async () => {
      const version = async (image: object) => {
        const [deployment] = ofKind<IDeployment>(await render({ values: { image } }), 'Deployment');
        const inPod = deployment?.spec?.template.metadata?.labels?.['app.kubernetes.io/version'];
        expect(deployment?.metadata?.labels?.['app.kubernetes.io/version']).toBe(inPod);
        return inPod;
      };
      const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
      expect(await version({ tag: 'v2_rc.1' })).toBe('v2_rc.1');
      expect(await version({ digest })).toBe('sha256-0123456789ab');
      expect(await version({ tag: 'v2', digest })).toBe('v2');
      expect(await version({ tag: `${'a'.repeat(62)}-b` })).toBe('a'.repeat(62));
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

test(
  'the pods beside those of the service run where they do, and are labelled as they are',
  async () => {
    const files = CI_VALUES.filter(([name]) => name === 'everything').map(([, file]) => file);
    const objects = await render({ files });
    const { spec } = podSpecOf(objects);
    const placement = [
      'nodeSelector',
      'tolerations',
      'affinity',
      'priorityClassName',
      'runtimeClassName',
    ] as const;
    const network = ['hostAliases', 'dnsPolicy', 'dnsConfig', 'imagePullSecrets'] as const;
    const others = [
      ...ofKind<IPod>(objects, 'Pod'),
      ...[
        ...ofKind<IJob>(objects, 'Job'),
        ...ofKind<ICronJob>(objects, 'CronJob').flatMap((job) => job.spec?.jobTemplate ?? []),
      ].flatMap((job) => [{ ...job.spec?.template, metadata: job.metadata }, job.spec?.template]),
    ];
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) {
      for (const field of [...placement, ...network]) {
        expect(spec[field]).toBeDefined();
        expect(other?.spec?.[field]).toEqual(spec[field]);
      }
      expect(other?.metadata?.labels).toMatchObject({ team: 'shop', 'app.kubernetes.io/version': '0.1.0' });
    }
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
  [
    'a proxy that Express does not know',
    { config: { trustProxy: 'loopback,nginx' } },
    /config\.trustProxy has nginx: expected true, false/,
  ],
  [
    'a node port of a Service that has none',
    { service: { nodePort: 30_080 } },
    /service\.nodePort is 30080, and service\.type is ClusterIP.*: expected NodePort or LoadBalancer/,
  ],
  [
    'a traffic policy of a Service that nobody reaches from outside',
    { service: { externalTrafficPolicy: 'Local' } },
    /service\.externalTrafficPolicy is Local, and service\.type is ClusterIP/,
  ],
  [
    'a class of a load balancer that is not asked for',
    { service: { type: 'NodePort', loadBalancerClass: 'example.com/nlb' } },
    /service\.loadBalancerClass is example\.com\/nlb, and service\.type is NodePort.*: expected LoadBalancer/,
  ],
  [
    'sources of a load balancer that is not asked for',
    { service: { loadBalancerSourceRanges: ['10.0.0.0/8'] } },
    /service\.loadBalancerSourceRanges is \[10\.0\.0\.0\/8\], and service\.type is ClusterIP/,
  ],
  [
    'a scrape that takes longer than until the next one',
    { metrics: { podMonitor: { enabled: true, interval: '1s', scrapeTimeout: '1500ms' } } },
    /metrics\.podMonitor\.scrapeTimeout is 1500ms: expected at most the interval, which is 1s/,
  ],
  [
    "a volume with the name of one of the chart's",
    { extraVolumes: [{ name: 'tmp', emptyDir: {} }] },
    /extraVolumes has a volume tmp, and the pod has another one of that name/,
  ],
  [
    "a mount over one of the chart's",
    {
      configFiles: { mountPath: '/etc/shop', data: { a: '1' } },
      extraVolumes: [{ name: 'cache', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'cache', mountPath: '/etc/shop/' }],
    },
    /extraVolumeMounts mounts cache at \/etc\/shop\/, where another volume is: expected a path beside \/tmp, \/etc\/shop/,
  ],
  [
    'a mount of nothing',
    { extraVolumeMounts: [{ name: 'cache', mountPath: '/cache' }] },
    /extraVolumeMounts mounts cache, which is no volume: expected one of tmp/,
  ],
  [
    'a second checksum of the configuration',
    { configFiles: { data: { a: '1' } }, podAnnotations: { 'checksum/config': '1' } },
    /podAnnotations sets checksum\/config, which the chart derives from configFiles\.data/,
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
    "a monitor beside Google's",
    { metrics: { podMonitor: { enabled: true }, podMonitoring: { enabled: true } } },
    /metrics\.podMonitor and metrics\.podMonitoring are enabled/,
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
