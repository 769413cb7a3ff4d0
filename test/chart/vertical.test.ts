import { expect, test } from '@jest/globals';
import { ofKind, podSpecOf, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

interface VerticalPodAutoscaler {
  spec: {
    updatePolicy: { updateMode: string };
    resourcePolicy: { containerPolicies: { containerName: string; mode?: string }[] };
  };
}

const vertical = (rest: object = {}) => ({ verticalPodAutoscaler: { enabled: true, ...rest } });

test(
  'a vertical autoscaler sizes the container of the service and no other, and only recommends by default',
  async () => {
    const objects = await render({ values: vertical({ maxAllowed: { memory: '1Gi' } }) });
    const [autoscaler] = ofKind<VerticalPodAutoscaler>(objects, 'VerticalPodAutoscaler');
    expect(autoscaler?.spec).toMatchObject({
      updatePolicy: { updateMode: 'Off' },
      resourcePolicy: {
        containerPolicies: [
          { containerName: podSpecOf(objects).container.name, maxAllowed: { memory: '1Gi' } },
          { containerName: '*', mode: 'Off' },
        ],
      },
    });
  },
  TIMEOUT,
);

test.each<[string, object, object, RegExp]>([
  ['CPU', { updateMode: 'Recreate' }, {}, /controlledResources has cpu/],
  [
    'memory, among further metrics',
    { updateMode: 'Initial', controlledResources: ['memory'] },
    {
      metrics: [
        {
          type: 'ContainerResource',
          containerResource: {
            name: 'memory',
            container: 'app',
            target: { type: 'Utilization', averageUtilization: 80 },
          },
        },
      ],
    },
    /controlledResources has memory/,
  ],
  [
    'CPU, and the other has memory',
    { updateMode: 'Recreate', controlledResources: ['memory'] },
    {},
    /^renders$/,
  ],
  ['CPU, and the other only recommends', { updateMode: 'Off' }, {}, /^renders$/],
])(
  'beside a horizontal autoscaler by %s',
  async (_what, own, horizontal, sentence) => {
    const values = { ...vertical(own), autoscaling: { enabled: true, ...horizontal } };
    const outcome = await render({ values }).then(
      () => 'renders',
      (error: unknown) => (error as Error).message,
    );
    expect(outcome).toMatch(sentence);
  },
  TIMEOUT,
);
