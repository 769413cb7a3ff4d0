import { expect, test } from '@jest/globals';
import { type KubeObject, notes, ofKind, render } from '../../scripts/helm.ts';
import { kubeApiWith } from '../support/kube-api.ts';
import { CHART_NAME } from '../support/names.ts';

const TIMEOUT = 60_000;

interface Row {
  values: object;
  /** In the Deployment; undefined: left to the autoscaler. */
  replicas: number | undefined;
  scaled: [min: number, max: number] | undefined;
  budget: number | string | undefined;
}

const scaled = (minReplicas: number, rest: object = {}) => ({
  autoscaling: { enabled: true, minReplicas, maxReplicas: 5 },
  ...rest,
});

const external = (minReplicas: number, rest: object = {}) => ({
  autoscaling: { external: true, minReplicas },
  ...rest,
});

test.each<[string, Row]>([
  ['the defaults', { values: {}, replicas: 2, scaled: undefined, budget: 1 }],
  ['no replica', { values: { replicaCount: 0 }, replicas: 0, scaled: undefined, budget: undefined }],
  ['one replica', { values: { replicaCount: 1 }, replicas: 1, scaled: undefined, budget: undefined }],
  ['three replicas', { values: { replicaCount: 3 }, replicas: 3, scaled: undefined, budget: 1 }],
  ['scaled from one', { values: scaled(1), replicas: undefined, scaled: [1, 5], budget: undefined }],
  [
    'scaled from one, with a count that is not used',
    { values: scaled(1, { replicaCount: 9 }), replicas: undefined, scaled: [1, 5], budget: undefined },
  ],
  [
    'scaled by somebody else, who guarantees three',
    { values: external(3), replicas: undefined, scaled: undefined, budget: 1 },
  ],
  [
    'scaled by somebody else, without a count and a guarantee of more than one',
    {
      values: external(1, { replicaCount: null }),
      replicas: undefined,
      scaled: undefined,
      budget: undefined,
    },
  ],
  ['scaled from two', { values: scaled(2), replicas: undefined, scaled: [2, 5], budget: 1 }],
  [
    'scaled from two, with a count of one that is not used',
    { values: scaled(2, { replicaCount: 1 }), replicas: undefined, scaled: [2, 5], budget: 1 },
  ],
  [
    'no budget wanted',
    {
      values: { podDisruptionBudget: { enabled: false } },
      replicas: 2,
      scaled: undefined,
      budget: undefined,
    },
  ],
  [
    'a budget in percent',
    {
      values: { podDisruptionBudget: { maxUnavailable: '50%' } },
      replicas: 2,
      scaled: undefined,
      budget: '50%',
    },
  ],
])(
  'replicas, autoscaler and disruption budget with %s',
  async (_what, { values, ...expected }) => {
    const objects = await render({ values });
    const [deployment] = ofKind<{ spec: { replicas?: number } }>(objects, 'Deployment');
    const [autoscaler] = ofKind<{ spec: { minReplicas: number; maxReplicas: number } }>(
      objects,
      'HorizontalPodAutoscaler',
    );
    const [budget] = ofKind<{ spec: { maxUnavailable: number | string } }>(objects, 'PodDisruptionBudget');
    expect({
      replicas: deployment?.spec.replicas,
      scaled: autoscaler && [autoscaler.spec.minReplicas, autoscaler.spec.maxReplicas],
      budget: budget?.spec.maxUnavailable,
    }).toEqual(expected);
  },
  TIMEOUT,
);

test.each([0, '0%'])(
  'a budget of %p, which would block every node drain, does not render',
  async (maxUnavailable) => {
    await expect(render({ values: { podDisruptionBudget: { maxUnavailable } } })).rejects.toThrow(
      'maxUnavailable',
    );
  },
  TIMEOUT,
);

test.each<[string, object, string]>([
  [
    'a budget of all replicas',
    { podDisruptionBudget: { maxUnavailable: 2 } },
    'podDisruptionBudget.maxUnavailable is 2, all of the 2 replicas that are guaranteed: expected fewer',
  ],
  // 51 % of two are two: Kubernetes rounds up.
  [
    'a budget of more than half of two',
    { podDisruptionBudget: { maxUnavailable: '51%' } },
    'is 51%, all of the 2',
  ],
  [
    'a budget of all that somebody else guarantees',
    { podDisruptionBudget: { maxUnavailable: '100%' }, ...external(3) },
    'is 100%, all of the 3',
  ],
  [
    'no count',
    { replicaCount: null },
    'replicaCount is not set: expected a number, or autoscaling.external: true',
  ],
  [
    'two autoscalers',
    { autoscaling: { enabled: true, external: true } },
    'autoscaling.enabled and autoscaling.external are both true',
  ],
])(
  '%s does not render, and helm says why',
  async (_what, values, sentence) => {
    await expect(render({ values })).rejects.toThrow(sentence);
  },
  TIMEOUT,
);

test.each<[string, object, string]>([
  [
    'that ends before it begins',
    { minReplicas: 8, maxReplicas: 4 },
    'maxReplicas is 4, below autoscaling.minReplicas, which is 8',
  ],
  ['that looks at nothing', { targetCPUUtilizationPercentage: null }, 'needs something to look at'],
  ['of memory that is not requested', { targetMemoryUtilizationPercentage: 80 }, 'resources.requests.memory'],
])(
  'a scale %s does not render',
  async (_what, autoscaling, sentence) => {
    const values = {
      autoscaling: { enabled: true, ...autoscaling },
      resources: { requests: { memory: null } },
    };
    await expect(render({ values })).rejects.toThrow(sentence);
  },
  TIMEOUT,
);

test(
  'the autoscaler has a target for each thing that it looks at, and goes down slower than up',
  async () => {
    const [autoscaler] = ofKind<{ spec: { metrics: { resource: object }[]; behavior: object } }>(
      await render({
        values: { autoscaling: { enabled: true, targetMemoryUtilizationPercentage: 80 } },
      }),
      'HorizontalPodAutoscaler',
    );
    expect(autoscaler?.spec.metrics.map(({ resource }) => resource)).toEqual([
      { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
      { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } },
    ]);
    expect(autoscaler?.spec.behavior).toMatchObject({
      scaleUp: { stabilizationWindowSeconds: 0 },
      scaleDown: { stabilizationWindowSeconds: 300 },
    });
  },
  TIMEOUT,
);

// Helm deletes a number that the last release had and this one has not, and the API server makes it 1.
test.each<[string, metadata: object, replicas: number | undefined]>([
  [
    'was installed with a number: it stays as it is',
    { managedFields: [managed('helm', 'Update', 'f:replicas', 'f:template')] },
    7,
  ],
  [
    'has got another number from an autoscaler since: the last release had one, and may be merged on the client',
    {
      managedFields: [managed('helm', 'Update', 'f:template'), managed('controller', 'Update', 'f:replicas')],
    },
    7,
  ],
  ['never had one', { annotations: { [`${CHART_NAME}/without-replicas`]: 'true' } }, undefined],
  [
    'is applied on the server, and nobody but Helm owns the number',
    { managedFields: [managed('helm', 'Apply', 'f:replicas', 'f:template')] },
    7,
  ],
  [
    'is applied on the server, and the autoscaler owns the number',
    {
      managedFields: [managed('helm', 'Apply', 'f:template'), managed('controller', 'Update', 'f:replicas')],
    },
    undefined,
  ],
])(
  'with an autoscaler, a Deployment that %s',
  async (_what, metadata, replicas) => {
    const api = await kubeApiWith({ metadata: { name: 'x', ...metadata }, spec: { replicas: 7 } });
    try {
      const args = upgradeAt(api.url);
      const [deployment] = deploymentsOf(await render({ values: external(3), args }));

      expect(deployment?.spec.replicas).toBe(replicas);
      const annotation = deployment?.metadata.annotations?.[`${CHART_NAME}/without-replicas`];
      expect(annotation).toBe(replicas === undefined ? 'true' : undefined);
      const [fixed] = deploymentsOf(await render({ values: { replicaCount: 4 }, args }));
      expect(fixed).toMatchObject({ spec: { replicas: 4 } });
      expect(fixed?.metadata.annotations).toBeUndefined();
    } finally {
      api.close();
    }
  },
  TIMEOUT,
);

test(
  'NOTES.txt says that the number stays, and why',
  async () => {
    const api = await kubeApiWith({ metadata: { name: 'x' }, spec: { replicas: 7 } });
    try {
      expect(await notes({ values: external(3), args: upgradeAt(api.url) })).toContain(
        'This release keeps the 7 that there were',
      );
    } finally {
      api.close();
    }
  },
  TIMEOUT,
);

const upgradeAt = (url: string) => [
  '--dry-run=server',
  '--is-upgrade',
  '--disable-openapi-validation',
  '--kube-apiserver',
  url,
];

function managed(manager: string, operation: string, ...fields: string[]): object {
  return { manager, operation, fieldsV1: { 'f:spec': Object.fromEntries(fields.map((name) => [name, {}])) } };
}

function deploymentsOf(objects: KubeObject[]) {
  return ofKind<KubeObject & { spec: { replicas?: number } }>(objects, 'Deployment');
}
