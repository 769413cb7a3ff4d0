import { expect, test } from '@jest/globals';
import { envOf, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

test(
  'a wrong target of the gateway in a list is refused too',
  async () => {
    const values = { gateway: { targets: [{ path: 'api', url: 'http://a' }] } };

    await expect(render({ values })).rejects.toThrow(/schema.*\bpath\b/s);
  },
  TIMEOUT,
);

test(
  'targets with and without a host are one variable',
  async () => {
    const targets = [
      { path: '/api', url: 'http://a:8000' },
      { host: 'shop.example', path: '/', url: 'https://b/base' },
    ];

    expect(envOf(await render({ values: { gateway: { targets, timeout: '5s' } } }))).toMatchObject({
      GATEWAY_TARGETS: '/api=http://a:8000,shop.example/=https://b/base',
      GATEWAY_TIMEOUT: '5s',
    });
  },
  TIMEOUT,
);
