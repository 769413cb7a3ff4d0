import { describe, expect, test } from '@jest/globals';
import { findLoop, findTarget, parseGatewayTargets } from '../../../src/lastcall/gateway/targets.ts';

describe('a list of targets', () => {
  test('is read entry by entry, with prefix, host and URL', () => {
    const targets = parseGatewayTargets(
      '/api=http://a:8000, Shop.Example/api=https://b/base?,/=http://[::1]:8001',
    );

    expect(targets.map(({ url, ...rest }) => ({ ...rest, href: url.href }))).toEqual([
      { name: '/api', host: undefined, prefix: '/api', href: 'http://a:8000/' },
      { name: 'Shop.Example/api', host: 'shop.example', prefix: '/api', href: 'https://b/base?' },
      { name: '/', host: undefined, prefix: '/', href: 'http://[::1]:8001/' },
    ]);
  });

  test.each([
    ['/api/', '/api'],
    ['/api//', '/api'],
    ['/api/v1/', '/api/v1'],
    ['/', '/'],
    ['//', '/'],
  ])('takes the prefix %s as %s', (written, prefix) => {
    expect(parseGatewayTargets(`${written}=http://a`)[0]).toMatchObject({ prefix, name: prefix });
  });

  test('keeps an equals sign in the URL', () => {
    expect(parseGatewayTargets('/=http://a/x=y')[0]?.url.href).toBe('http://a/x=y');
  });

  test.each([
    ['', '"" is not prefix=URL'],
    ['/api', '"/api" is not prefix=URL'],
    ['/api=', '"/api=" is not prefix=URL'],
    ['=http://a', '"=http://a" is not prefix=URL'],
    ['api=http://a', '"api=http://a" is not prefix=URL'],
    ['http://a', '"http://a" is not prefix=URL'],
    ['/=http://a,', '"" is not prefix=URL'],
    ['/api=a', '"a" is no URL'],
    ['/api=http://', '"http://" is no URL'],
    ['/api=http://a:99999', '"http://a:99999" is no URL'],
    ['/api=localhost:8000', '"localhost:8000" is no URL with http or https'],
    ['/api=ftp://a', '"ftp://a" is no URL with http or https'],
    ['/api=ws://a', '"ws://a" is no URL with http or https'],
    ['/api=http://root@a', '"http://a" has a user, a query or a fragment'],
    ['/api=http://root:secret@a', '"http://a" has a user, a query or a fragment'],
    ['/api=http://:secret@a', '"http://a" has a user, a query or a fragment'],
    ['/api=http://a/?x=1', '"http://a" has a user, a query or a fragment'],
    ['/api=http://a/#x', '"http://a" has a user, a query or a fragment'],
  ])('with %j is refused: %s', (text, message) => {
    expect(() => parseGatewayTargets(text)).toThrow(new Error(message));
  });

  test.each([
    ['the same prefix', '/api=http://a,/api=http://b', '/api is there twice'],
    ['the same but for a slash', '/api=http://a,/api/=http://b', '/api is there twice'],
    ['two catch-alls', '/=http://a,//=http://b', '/ is there twice'],
    [
      'the same host, written otherwise',
      'a.example/=http://a,A.EXAMPLE/=http://b',
      'A.EXAMPLE/ is there twice',
    ],
  ])('with %s is refused', (_name, text, message) => {
    expect(() => parseGatewayTargets(text)).toThrow(new Error(message));
  });

  test('may have one prefix for several hosts, and for all others', () => {
    expect(parseGatewayTargets('/=http://a,x/=http://b,y/=http://c,X/y=http://d')).toHaveLength(4);
  });
});

describe('the target of a request', () => {
  const targets = parseGatewayTargets(
    '/api=http://a,/api/v1/deep=http://b,/api/v1=http://c,shop.example/=http://d,shop.example/cart=http://e',
  );
  const nameOf = (path: string, host = 'any.example') => findTarget(targets, host, path)?.name;

  test.each(['/api', '/api/', '/api/x', '/api//', '/api/v', '/api/v12'])('%s belongs to /api', (path) => {
    expect(nameOf(path)).toBe('/api');
  });

  test.each(['/apix', '/ap', '/', '', '/API', '/x/api', '/api-v1'])('%s belongs to none', (path) => {
    expect(nameOf(path)).toBeUndefined();
  });

  test.each([
    ['/api/v1', '/api/v1'],
    ['/api/v1/x', '/api/v1'],
    ['/api/v1/deeper', '/api/v1'],
    ['/api/v1/deep', '/api/v1/deep'],
    ['/api/v1/deep/x', '/api/v1/deep'],
  ])('%s belongs to the longest prefix, which is %s', (path, name) => {
    expect(nameOf(path)).toBe(name);
  });

  test.each([
    ['/', 'shop.example/'],
    ['/api', 'shop.example/'],
    ['/api/v1/deep', 'shop.example/'],
    ['/cart/1', 'shop.example/cart'],
  ])('%s on a host of its own belongs to %s before any that is for all hosts', (path, name) => {
    expect(nameOf(path, 'shop.example')).toBe(name);
  });

  test('a target for a host is not for the hosts below it', () => {
    expect(nameOf('/cart', 'www.shop.example')).toBeUndefined();
  });

  test('a catch-all takes every path', () => {
    const [all] = parseGatewayTargets('/=http://a');

    for (const path of ['/', '/x', '/apix', '/x/y/']) expect(findTarget([all!], 'h', path)).toBe(all);
  });

  test('without targets there is none', () => {
    expect(findTarget([], 'h', '/')).toBeUndefined();
  });
});

test('a host with a port is refused, since it would never match', () => {
  expect(() => parseGatewayTargets('shop.example:8080/=http://a')).toThrow('has a port');
});

describe('a loop', () => {
  const own = { ports: [80, 443, 8080], hosts: ['localhost', '127.0.0.1', '[::1]'] };
  const loopIn = (text: string) => findLoop(parseGatewayTargets(text), own)?.name;

  test.each([
    'http://localhost:8080',
    'https://localhost:8080/base',
    'http://LOCALHOST:8080',
    'http://127.0.0.1:8080',
    'http://127.1:8080',
    'http://[::1]:8080',
    'http://localhost',
    'https://localhost',
  ])('is found in %s', (url) => {
    expect(loopIn(`/a=http://a,/b=${url}`)).toBe('/b');
  });

  test.each(['http://localhost:8081', 'http://other:8080', 'http://localhost.example:8080'])(
    'is not found in %s',
    (url) => {
      expect(loopIn(`/=${url}`)).toBeUndefined();
    },
  );
});
