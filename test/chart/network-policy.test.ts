import { expect, test } from '@jest/globals';
import { render } from '../../scripts/helm.ts';
import { expectRefused } from '../support/extras.ts';

const TIMEOUT = 60_000;

test(
  'networkPolicy.ingress: [] is refused, by name',
  async () => expectRefused('networkPolicy.ingress', []),
  TIMEOUT,
);

test(
  'a wrong peer of the network policy in a list is refused too',
  async () => {
    const values = { networkPolicy: { trafficFrom: [{ selector: {} }] } };

    await expect(render({ values })).rejects.toThrow(/schema.*\bselector\b/s);
  },
  TIMEOUT,
);
