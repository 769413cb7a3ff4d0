import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type KubeObject, podSpecOf, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

interface Values {
  extraObjects?: KubeObject[];
}

/** The values that docs/chart.md shows, called after what they begin with. */
const BLOCKS = [
  ...readFileSync(new URL('../../docs/chart.md', import.meta.url), 'utf8').matchAll(
    /^```yaml\n(.*?)^```$/gms,
  ),
].map(([, yaml = '']): [string, Values] => {
  const values = parse(yaml) as Values;
  return [values.extraObjects?.[0]?.kind ?? Object.keys(values).join(), values];
});

/** What an object and the pod must agree on: the name that the one provides, and the one that the other uses. */
const AGREEMENTS: Record<string, (object: never, pod: ReturnType<typeof podSpecOf>) => [string, unknown]> = {
  ExternalSecret: (object: { spec: { target: { name: string } } }, { container }) => [
    object.spec.target.name,
    container.envFrom?.[0]?.secretRef?.name,
  ],
  SecretProviderClass: (object: KubeObject, { spec }) => [
    object.metadata.name,
    spec.volumes?.find(({ csi }) => csi !== undefined)?.csi?.volumeAttributes?.['secretProviderClass'],
  ],
  Certificate: (object: { spec: { secretName: string } }, { spec }) => [
    object.spec.secretName,
    spec.volumes?.find(({ name }) => name === 'tls')?.secret?.secretName,
  ],
};

test('the page shows values', () => {
  expect(BLOCKS.length).toBeGreaterThan(1);
});

test.each(BLOCKS)(
  'what docs/chart.md shows renders: %s',
  async (_what, values) => {
    const objects = await render({ values, args: ['--namespace', 'shop'] });
    for (const { kind, metadata } of values.extraObjects ?? []) {
      const object = objects.find((one) => one.kind === kind);
      expect(object?.metadata).toMatchObject({ name: metadata.name, namespace: 'shop' });
      expect(JSON.stringify(object)).not.toContain('{{');
      const [provided, used] = AGREEMENTS[kind]?.(object as never, podSpecOf(objects)) ?? [];
      expect({ kind, provided }).toEqual({ kind, provided: used });
      expect(provided).toBeDefined();
    }
  },
  TIMEOUT,
);
