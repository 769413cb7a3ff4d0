import { describe, expect, test } from '@jest/globals';
import * as rules from '../../scripts/template/rules.ts';

describe('a name', () => {
  test.each(['orders-api', 'a', 'a1', 'x'.repeat(52)])('%s will do', (text) => {
    expect(rules.name(text)).toBeUndefined();
  });

  test.each([
    ['', 'needed'],
    ['Orders', 'npm and image registries'],
    ['1orders', 'RFC 1035'],
    ['orders_api', 'RFC 1123'],
    ['orders.api', 'RFC 1123'],
    ['orders-', 'RFC 1123'],
    ['-orders', 'RFC 1123'],
    ['@acme/orders', 'RFC 1123'],
    ['x'.repeat(53), 'Helm adds up to 11 characters'],
    ['stream', 'Node has a module that is called so'],
    ['http', 'npm allows no package of that name'],
  ])('%j will not, and it says by whose rule', (text, rule) => {
    expect(rules.name(text)).toContain(rule);
  });
});

test.each<[what: string, rule: rules.Rule, good: string[], bad: [string, string][]]>([
  [
    'a description',
    rules.description,
    ["Keeps the customers' orders", 'Größe: 3 & mehr'],
    [
      ['', 'a sentence'],
      ['two\nlines', 'one line'],
      ['say "hi"', 'Dockerfile'],
      ['$HOME', 'Dockerfile'],
      ['{{name}}', '{{'],
    ],
  ],
  [
    'an owner',
    rules.owner,
    ['', '@acme', '@acme/orders', 'orders@acme.example'],
    [
      ['acme/orders', 'CODEOWNERS'],
      ['@acme/a b', 'CODEOWNERS'],
      ['orders@acme', 'CODEOWNERS'],
    ],
  ],
  [
    'an image',
    rules.image,
    ['', 'ghcr.io/acme/orders-api', 'localhost:5000/orders', 'registry.example.com:443/a/b/c'],
    [
      ['orders', 'host of its registry'],
      ['acme/orders', 'host of its registry'],
      ['ghcr.io/acme/orders:1.0', 'no tag'],
      ['ghcr.io/Acme/orders', 'lower-case'],
      ['https://ghcr.io/acme/orders', 'host of its registry'],
    ],
  ],
  [
    'a repository',
    rules.repository,
    ['', 'https://github.com/acme/orders-api', 'https://git.acme.example:8443/a/b/c.git', 'https://x.y/z/'],
    [
      ['github.com/acme/orders-api', 'a browser'],
      ['git@github.com:acme/orders-api.git', 'a browser'],
      ['https://github.com', 'a browser'],
      ['https://github.com/acme/orders-api?tab=x', 'a browser'],
    ],
  ],
  [
    'a port',
    rules.port,
    ['1024', '8080', '65535'],
    [
      ['80', 'not root'],
      ['65536', '65535'],
      ['http', 'expected a port'],
    ],
  ],
  ['a licence', rules.licence, ['MIT', 'UNLICENSED'], [['GPL', 'SPDX']]],
])('%s is accepted or refused with a reason', (_what, rule, good, bad) => {
  expect(good.filter((text) => rule(text) !== undefined)).toEqual([]);
  expect(bad.map(([text]) => rule(text))).toEqual(bad.map(([, reason]) => expect.stringContaining(reason)));
});
