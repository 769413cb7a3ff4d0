import { describe, expect, test } from '@jest/globals';
import { ConfigError, loadAll } from '../../../src/lastcall/config/config.ts';
import { maskSecrets } from '../../../src/lastcall/config/mask.ts';
import { custom, secret, text, url } from '../../../src/lastcall/config/variables.ts';
import { startService } from '../../harness/service.ts';

/** Of whatever must not be shown. */
const PASSWORD = /pass|word|w0rd/;

/** How people write URLs with a password, and how they are shown. */
const URLS: [written: string, shown: string][] = [
  ['postgres://app:password@db:5432/shop', 'postgres://app:***@db:5432/shop'],
  ['postgres://app:pass%40w0rd@db/shop', 'postgres://app:***@db/shop'],
  ['postgres://app:pass@w0rd@db/shop', 'postgres://app:***@db/shop'],
  ['postgres://app:12/word@db/shop', 'postgres://app:***@db/shop'],
  ['redis://:password@cache:6379', 'redis://:***@cache:6379'],
  [
    'postgres://db/shop?user=app&password=pass&sslmode=require',
    'postgres://db/shop?user=app&password=***&sslmode=require',
  ],
];

describe('the effective configuration', () => {
  test.each(URLS)('shows %s without its password, as a URL and as text', (written, shown) => {
    const schema = { databaseUrl: url('DATABASE_URL', { meaning: 'x' }) };
    const databaseUrl = new URL(written);

    expect(maskSecrets({ databaseUrl }, schema)).toEqual({ databaseUrl: shown });
    expect(maskSecrets({ url: databaseUrl, text: written })).toEqual({ url: shown, text: shown });
    expect(maskSecrets({ deep: { list: [databaseUrl, { url: written }] } })).toEqual({
      deep: { list: [shown, { url: shown }] },
    });
  });

  test.each([
    ['host=db password=pass user=app', 'host=db password=*** user=app'],
    ["host=db password='pass word' user=app", 'host=db password=*** user=app'],
    ['Server=db;Password=pass;Database=shop', 'Server=db;Password=***;Database=shop'],
  ])('shows the connection string %s without its password', (written, shown) => {
    expect(maskSecrets({ connection: written })).toEqual({ connection: shown });
  });

  test('shows all of a URL that has no password', () => {
    const plain = {
      a: 'http://api:8000/v1?page=2#top',
      b: 'redis://cache',
      c: 'mail@example.com',
      d: 'a: b@c',
    };

    expect(maskSecrets(plain)).toEqual(plain);
  });

  test('masks a secret in its own place, whatever it is called, and nothing of that name elsewhere', () => {
    const schema = {
      vault: { name: secret('VAULT_PIN', { meaning: 'x' }), path: text('VAULT_PATH', { meaning: 'x' }) },
      service: { name: text('SERVICE_NAME', { meaning: 'x' }) },
      pin: secret('PIN', { meaning: 'x' }),
    };
    const values = { vault: { name: '1234', path: 'p' }, service: { name: 'shop' }, pin: undefined };

    expect(maskSecrets(values, schema)).toEqual({
      vault: { name: '***', path: 'p' },
      service: { name: 'shop' },
    });
  });

  test('masks what its variable calls a token, whatever its place is called', () => {
    const schema = { api: text('API_TOKEN', { meaning: 'x' }) };

    expect(maskSecrets({ api: 'abc' }, schema)).toEqual({ api: '***' });
  });
});

describe('the line about a value that can not be used', () => {
  function problemOf(variable: ReturnType<typeof text>, value: string): string {
    try {
      loadAll({ [variable.name]: value }, { terminal: false, variables: { own: variable }, rooms: [] });
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.join('\n');
      throw error;
    }
    throw new Error('no problem');
  }

  test.each([
    ...URLS,
    ['postgres://app:pass#w0rd@db/shop', 'postgres://app:***@db/shop'],
    ['postgres://app:pass?w0rd@db/shop', 'postgres://app:***@db/shop'],
    ['postgres://app:pass w0rd@db/shop', 'postgres://app:***@db/shop'],
    ['postgres://app:pass/w0rd@db/shop', 'postgres://app:***@db/shop'],
  ])('shows %s without its password', (written, shown) => {
    const variable = url('DATABASE_URL', { protocols: ['mysql'], meaning: 'x' });

    expect(problemOf(variable as never, written)).toBe(
      `DATABASE_URL=${JSON.stringify(shown)}: expected a URL with mysql`,
    );
  });

  test('quotes no password that the error of a custom kind quotes', () => {
    const parse = (value: string): string => {
      throw new Error(`${value} is nowhere`);
    };
    const variable = custom('TARGETS', parse, 'a list of URLs', { meaning: 'x' });

    expect(problemOf(variable, '/a=http://u:password@h')).toBe(
      'TARGETS="/a=http://u:***@h": expected a list of URLs (/a=http://u:***@h is nowhere)',
    );
  });

  test('shows nothing of a secret, nor of what is called a password', () => {
    const parse = (value: string): string => {
      throw new Error(`${value} is short`);
    };

    expect(problemOf(secret('PIN', { meaning: 'x' }), ' ')).toBe('PIN=***: expected some text');
    expect(problemOf(custom('DB_PASSWORD', parse, 'ten characters', { meaning: 'x' }), 'word')).toBe(
      'DB_PASSWORD=***: expected ten characters',
    );
  });
});

describe('a service with a secret and a URL', () => {
  const ENTRY = 'test/lastcall/config/service-with-secrets.mjs';

  test('shows neither in its log at debug', async () => {
    const env = {
      LOG_LEVEL: 'debug',
      DATABASE_URL: 'postgres://app:pass@w0rd@db/shop',
      API_PIN: 'password',
    };
    const service = startService(env, { entry: ENTRY });

    const { config } = await service.line({ event: 'config' });
    await service.line({ state: 'ready' });
    service.kill('SIGTERM');

    expect(config).toMatchObject({
      variables: { databaseUrl: 'postgres://app:***@db/shop', api: { pin: '***' } },
    });
    const { code, stdout, stderr } = await service.ended;
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(PASSWORD);
  });

  test('does not start without what is required, and says so in a sentence each', async () => {
    const { code, stdout, stderr } = await startService({}, { entry: ENTRY }).ended;

    expect(code).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      '2 problems in the environment, nothing was started:\n' +
        '  DATABASE_URL is not set: expected a URL with postgres or postgresql\n' +
        '  API_PIN is not set: expected some text\n',
    );
  });

  test('does not show them when they can not be used', async () => {
    const env = { DATABASE_URL: 'postgres://app:pass/w0rd@db/shop', API_PIN: ' ' };

    const { code, stderr } = await startService(env, { entry: ENTRY }).ended;

    expect(code).toBe(78);
    expect(stderr).toContain('DATABASE_URL="postgres://app:***@db/shop": expected a URL with');
    expect(stderr).toContain('API_PIN=***: expected some text');
    expect(stderr).not.toMatch(PASSWORD);
  });
});
