import { expect, test } from '@jest/globals';
import { type KubeObject, notes, ofKind, render } from '../../scripts/helm.ts';
import { renderEach } from '../support/releases.ts';

const TIMEOUT = 60_000;

const rulesOf = (objects: KubeObject[] | undefined) =>
  ofKind<{ spec: { rules: object[] } }>(objects ?? [], 'HTTPRoute')[0]?.spec.rules;

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

test(
  'a canary is a backend of a weight, and several rules have each their own',
  async () => {
    const on = { enabled: true, parentRefs: [{ name: 'public' }] };
    const canary = { name: 'orders-canary', port: 80, weight: 10 };
    const matches = [{ path: { type: 'PathPrefix', value: '/' } }];
    const beta = [{ headers: [{ name: 'x-beta', value: '1' }] }];
    const [plain, weighed, several] = await renderEach([
      { httpRoute: { ...on, timeouts: { request: '5s' } } },
      { httpRoute: { ...on, weight: 90, backends: [canary] } },
      {
        httpRoute: {
          ...on,
          rules: [{ name: 'beta', matches: beta, weight: 0, backends: [canary] }, { matches }],
        },
      },
    ]);
    const own = (name: string) => ({ name: `rel-${name}`, port: 80 });
    expect(rulesOf(plain)).toEqual([{ matches, timeouts: { request: '5s' }, backendRefs: [own('r0')] }]);
    expect(rulesOf(weighed)).toEqual([{ matches, backendRefs: [{ ...own('r1'), weight: 90 }, canary] }]);
    expect(rulesOf(several)).toEqual([
      { name: 'beta', matches: beta, backendRefs: [{ ...own('r2'), weight: 0 }, canary] },
      { matches, backendRefs: [own('r2')] },
    ]);
  },
  TIMEOUT,
);
