import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { ConfigError, loadAll } from '../../../src/lastcall/config/config.ts';
import { maskSecrets } from '../../../src/lastcall/config/mask.ts';
import type { Config } from '../../../src/lastcall/config/schema.ts';
import { PACKAGE_NAME } from '../../support/names.ts';
import { variables } from '../../../src/service/variables.ts';
import { everyVariable, ROOMS } from '../../support/schema.ts';

const SCHEMA = everyVariable();

/** With all rooms in use, and the variables of the service. */
function loadConfig(env: Record<string, string>, terminal: boolean): Config {
  return loadAll(env, { terminal, variables, rooms: ROOMS }).config;
}

function problemsOf(env: Record<string, string>, terminal = false): string[] {
  try {
    loadConfig(env, terminal);
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'CONFIG_INVALID') return error.problems;
    throw error;
  }
  return [];
}

describe('without any variable', () => {
  test('the defaults are those of the documentation', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

    const { shutdown, ...rest } = loadConfig({}, false);

    expect(rest).toEqual({
      service: { name: PACKAGE_NAME, version, revision: 'unknown', pod: hostname() },
      development: false,
      http: {
        host: undefined,
        port: 8080,
        keepAliveTimeoutMs: 65_000,
        headersTimeoutMs: 10_000,
        requestTimeoutMs: 60_000,
        sendTimeoutMs: 60_000,
        maxConnections: 10_000,
      },
      management: { host: undefined, port: 8081 },
      log: { level: 'info', format: 'json', sync: false },
      bodyLimitBytes: 102_400,
      overload: { delayMs: undefined, maxRequests: undefined, maxRequestsPerClient: undefined },
      trustProxy: false,
      health: { timeoutMs: 800, intervalMs: 5000 },
    } satisfies Omit<Config, 'shutdown'>);
    expect(shutdown).toMatchObject({
      windowMs: 5000,
      quietMs: 2000,
      windowMaxMs: 10_000,
      drainTimeoutMs: 10_000,
      keepAliveMinIdleMs: 1000,
      cleanupTimeoutMs: 4000,
      scrapeWaitMs: 15_000,
      graceMs: undefined,
      liveness: 'fail',
      readiness: 'fail',
    });
  });

  test('the longest window follows a window that is longer than its own default', () => {
    expect(loadConfig({ SHUTDOWN_WINDOW: '25s' }, false).shutdown.windowMaxMs).toBe(25_000);
    expect(loadConfig({ SHUTDOWN_WINDOW: '3s' }, false).shutdown.windowMaxMs).toBe(10_000);
  });

  test('every default in the schema is a value that its own variable accepts', () => {
    for (const variable of Object.values(SCHEMA)) {
      const { fallback, parse } = variable;
      expect(() => fallback === undefined || parse(fallback)).not.toThrow();
    }
  });
});

describe('on a terminal', () => {
  test('nobody waits: no window, no quiet period, no wait for a scrape, and lines for people', () => {
    const { shutdown, log } = loadConfig({}, true);

    expect(shutdown).toMatchObject({ windowMs: 0, quietMs: 0, windowMaxMs: 0, scrapeWaitMs: 0 });
    expect(log.format).toBe('pretty');
  });

  test('a window that is set is kept, with the defaults that belong to it', () => {
    const { shutdown } = loadConfig({ SHUTDOWN_WINDOW: '5s' }, true);

    expect(shutdown).toMatchObject({ windowMs: 5000, quietMs: 2000, windowMaxMs: 10_000, scrapeWaitMs: 0 });
  });

  test('every other variable that is set wins over the hurry', () => {
    const { shutdown, log } = loadConfig(
      {
        SHUTDOWN_QUIET_PERIOD: '1s',
        SHUTDOWN_WINDOW_MAX: '3s',
        SHUTDOWN_SCRAPE_WAIT: '4s',
        LOG_FORMAT: 'json',
      },
      true,
    );

    expect(shutdown).toMatchObject({ windowMs: 0, quietMs: 1000, windowMaxMs: 3000, scrapeWaitMs: 4000 });
    expect(log.format).toBe('json');
  });
});

describe('durations', () => {
  test.each([
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['5s', 5000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['24h', 86_400_000],
  ])('%s is %d ms', (value, ms) => {
    expect(loadConfig({ KEEP_ALIVE_TIMEOUT: value }, false).http.keepAliveTimeoutMs).toBe(ms);
  });

  test.each(['5', '5000', '-1s', '5 s', '5S', '5d', '1e3ms', 's', '', ' ', '25h', '86400001ms', 'none'])(
    'refuses %j',
    (value) => {
      expect(problemsOf({ KEEP_ALIVE_TIMEOUT: value })).toEqual([
        `KEEP_ALIVE_TIMEOUT=${JSON.stringify(value)}: expected a duration such as 250ms, 5s or 2m (at most 24h)`,
      ]);
    },
  );

  test('only the drain timeout can be none, which is for ever', () => {
    expect(loadConfig({ SHUTDOWN_DRAIN_TIMEOUT: 'none' }, false).shutdown.drainTimeoutMs).toBe(Infinity);
  });
});

describe('problems', () => {
  test('are all listed at once, in the order of the schema, with variable, value and what was expected', () => {
    const problems = problemsOf({
      HEALTH_CHECK_INTERVAL: '5',
      TRUST_PROXY: 'nginx',
      BODY_LIMIT: '1gb',
      SHUTDOWN_LIVENESS: 'maybe',
      SHUTDOWN_DRAIN_TIMEOUT: 'never',
      LOG_LEVEL: 'loud',
      PORT: '70000',
      SERVICE_NAME: ' ',
    });

    expect(problems).toEqual([
      'SERVICE_NAME=" ": expected some text',
      'PORT="70000": expected a port from 0 to 65535',
      'LOG_LEVEL="loud": expected one of fatal, error, warn, info, debug, trace, silent',
      'SHUTDOWN_DRAIN_TIMEOUT="never": expected a duration such as 250ms, 5s or 2m (at most 24h), or none',
      'SHUTDOWN_LIVENESS="maybe": expected one of fail, pass',
      'BODY_LIMIT="1gb": expected a size such as 512b, 100kb or 2mb',
      'TRUST_PROXY="nginx": expected true, false, a number of hops, or a list of addresses, subnets, loopback, linklocal, uniquelocal',
      'HEALTH_CHECK_INTERVAL="5": expected a duration such as 250ms, 5s or 2m (100ms to 24h)',
    ]);
  });

  test('every variable of the schema has its own line when every one is wrong', () => {
    const env = Object.fromEntries(Object.keys(SCHEMA).map((name) => [name, '']));

    expect(problemsOf(env).map((line) => line.split('=', 1)[0])).toEqual(Object.keys(SCHEMA));
  });

  test('are counted in the message', () => {
    expect(() => loadConfig({ PORT: 'x' }, false)).toThrow('1 problem in the environment');
    expect(() => loadConfig({ PORT: 'x', MANAGEMENT_PORT: 'y' }, false)).toThrow(
      '2 problems in the environment',
    );
  });

  test.each(['tcp://10.0.0.1:80', 'udp://10.0.0.1:53'])(
    'point to enableServiceLinks when Kubernetes made the value %s',
    (value) => {
      expect(problemsOf({ PORT: value })).toEqual([
        `PORT="${value}": expected a port from 0 to 65535 (this looks like a Kubernetes service link, made for a Service whose name gives this variable: set enableServiceLinks: false in the pod spec)`,
      ]);
    },
  );

  test('variables that the service does not know are nobody’s business', () => {
    expect(problemsOf({ SHOP_SERVICE_PORT: 'tcp://x', SHUTDOWN_WHATEVER: '5' })).toEqual([]);
  });
});

describe('values that contradict each other', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'one port for two listeners',
      { PORT: '9000', MANAGEMENT_PORT: '9000' },
      'MANAGEMENT_PORT="9000": expected another port than PORT',
    ],
    [
      'the default port of the other listener',
      { PORT: '8081' },
      'MANAGEMENT_PORT="8081": expected another port than PORT',
    ],
    [
      'a longest window below the window',
      { SHUTDOWN_WINDOW: '8s', SHUTDOWN_WINDOW_MAX: '7s' },
      'SHUTDOWN_WINDOW_MAX="7s": expected at least SHUTDOWN_WINDOW, which is 8 s',
    ],
    [
      'more time for the headers than for the whole request',
      { HEADERS_TIMEOUT: '20s', REQUEST_TIMEOUT: '15s' },
      'HEADERS_TIMEOUT="20s": expected at most REQUEST_TIMEOUT, which is 15 s',
    ],
    [
      'the default time for the headers above that for the request',
      { REQUEST_TIMEOUT: '5s' },
      'HEADERS_TIMEOUT="10s": expected at most REQUEST_TIMEOUT, which is 5 s',
    ],
    [
      'a grace period that is too short for the phases',
      { SHUTDOWN_GRACE_PERIOD: '30s' },
      'SHUTDOWN_GRACE_PERIOD="30s": expected at least 41 s: window 10 s + drain 10 s + cleanup 4 s + scrape wait 15 s + 2 s kept free',
    ],
    [
      'a drain without end and a grace period that leaves nothing for it',
      { SHUTDOWN_GRACE_PERIOD: '31s', SHUTDOWN_DRAIN_TIMEOUT: 'none' },
      'SHUTDOWN_GRACE_PERIOD="31s": expected more than 31 s, to have time to drain: window 10 s + cleanup 4 s + scrape wait 15 s + 2 s kept free',
    ],
  ])('%s', (_name, env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });

  test.each<[string, Record<string, string>]>([
    ['two free ports', { PORT: '0', MANAGEMENT_PORT: '0' }],
    [
      'one port on two addresses',
      { PORT: '9000', HOST: '10.0.0.1', MANAGEMENT_PORT: '9000', MANAGEMENT_HOST: '127.0.0.1' },
    ],
    ['a longest window equal to the window', { SHUTDOWN_WINDOW: '7s', SHUTDOWN_WINDOW_MAX: '7s' }],
    ['no limit for the request', { HEADERS_TIMEOUT: '20s', REQUEST_TIMEOUT: '0' }],
    ['a grace period that fits exactly', { SHUTDOWN_GRACE_PERIOD: '41s' }],
    [
      'a drain without end in a grace period with room for it',
      { SHUTDOWN_GRACE_PERIOD: '32s', SHUTDOWN_DRAIN_TIMEOUT: 'none' },
    ],
  ])('do not include %s', (_name, env) => {
    expect(problemsOf(env)).toEqual([]);
  });

  test('are listed behind the values that are wrong by themselves', () => {
    expect(problemsOf({ PORT: '9000', MANAGEMENT_PORT: '9000', LOG_LEVEL: 'x' })).toEqual([
      expect.stringMatching(/^LOG_LEVEL=/),
      expect.stringMatching(/^MANAGEMENT_PORT=/),
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ['PORT', { PORT: 'x', MANAGEMENT_PORT: '8080' }],
    ['SHUTDOWN_WINDOW', { SHUTDOWN_WINDOW: '8', SHUTDOWN_WINDOW_MAX: '1s' }],
    ['REQUEST_TIMEOUT', { REQUEST_TIMEOUT: '5', HEADERS_TIMEOUT: '90s' }],
    ['SHUTDOWN_DRAIN_TIMEOUT', { SHUTDOWN_DRAIN_TIMEOUT: '5', SHUTDOWN_GRACE_PERIOD: '10s' }],
  ])('are not reported on top of a %s that can not be read', (name, env) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${name}=`))]);
  });
});

describe('TRUST_PROXY', () => {
  test.each<[string, boolean | number | string[]]>([
    ['true', true],
    ['false', false],
    ['0', 0],
    ['2', 2],
    ['loopback', ['loopback']],
    ['loopback, 10.0.0.0/8,fd00::/8', ['loopback', '10.0.0.0/8', 'fd00::/8']],
    ['192.168.1.1', ['192.168.1.1']],
  ])('%s is %j', (value, expected) => {
    expect(loadConfig({ TRUST_PROXY: value }, false).trustProxy).toEqual(expected);
  });

  test.each([
    'yes',
    'True',
    '-1',
    'loopback,,',
    '10.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '0.0.0.0/0',
    '10.0.0.0/8/8',
  ])('refuses %j', (value) => {
    expect(problemsOf({ TRUST_PROXY: value })).toHaveLength(1);
  });

  test.each(['2', 'loopback, 10.0.0.0/1,fd00::/128', '::ffff:10.0.0.0/104', '192.168.1.1'])(
    'what is accepted, Express accepts too: %s',
    (value) => {
      const { trustProxy } = loadConfig({ TRUST_PROXY: value }, false);

      expect(() => express().set('trust proxy', trustProxy)).not.toThrow();
    },
  );
});

describe('BODY_LIMIT', () => {
  test.each([
    ['512', 512],
    ['512b', 512],
    ['100kb', 102_400],
    ['2MB', 2_097_152],
  ])('%s is %d bytes', (value, bytes) => {
    expect(loadConfig({ BODY_LIMIT: value }, false).bodyLimitBytes).toBe(bytes);
  });

  test.each(['1gb', '1.5mb', '-1', 'kb', ''])('refuses %j', (value) => {
    expect(problemsOf({ BODY_LIMIT: value })).toHaveLength(1);
  });
});

describe('the effective configuration in the log', () => {
  test('has what is called a secret, a password, a token or a key masked, and all else as it is', () => {
    const masked = maskSecrets({
      db: { password: 'p', host: 'db' },
      clientSecret: 's',
      accessToken: 't',
      apiKey: 'k',
      keepAliveTimeoutMs: 65_000,
      drainTimeoutMs: Infinity,
      unset: { secret: undefined },
    });

    expect(masked).toEqual({
      db: { password: '***', host: 'db' },
      clientSecret: '***',
      accessToken: '***',
      apiKey: '***',
      keepAliveTimeoutMs: 65_000,
      drainTimeoutMs: 'none',
      unset: {},
    });
  });
});

test('nothing else in src/ reads the environment', () => {
  const readers = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && readFileSync(join('src', name), 'utf8').includes('process.env'))
    .filter((name) => !['config.ts', 'main.ts', 'service.ts'].includes(name));

  expect(readers).toEqual([]);
});
