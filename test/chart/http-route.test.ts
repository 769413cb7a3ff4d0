import { expect, test } from '@jest/globals';
import { notes, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

test(
  'a route without a Gateway does not render, and helm says why',
  async () => {
    await expect(render({ values: { httpRoute: { enabled: true } } })).rejects.toThrow(
      /httpRoute\.parentRefs/,
    );
  },
  TIMEOUT,
);

test(
  'NOTES.txt says at which names the Gateway has the service',
  async () => {
    const httpRoute = { enabled: true, parentRefs: [{ name: 'public' }], hostnames: ['a.example'] };

    expect(await notes({ values: { httpRoute } })).toContain(
      'Reach it through the Gateway: http://a.example \nTest it:',
    );
  },
  TIMEOUT,
);
