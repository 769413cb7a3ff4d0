import { expect, test } from '@jest/globals';
import { ofKind, render } from '../../scripts/helm.ts';

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
