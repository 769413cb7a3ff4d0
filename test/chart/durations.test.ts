import { expect, test } from '@jest/globals';
import { chartDurations } from '../../scripts/docs.ts';
import { envOf, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';
import { everyVariable } from '../support/schema.ts';

const TIMEOUT = 60_000;

/** Values whose bounds are those of a variable of the service, and that variable. */
const BOUND: [path: string, variable: string][] = [
  ['config.keepAliveTimeout', 'KEEP_ALIVE_TIMEOUT'],
  ['config.headersTimeout', 'HEADERS_TIMEOUT'],
  ['config.requestTimeout', 'REQUEST_TIMEOUT'],
  ['config.sendTimeout', 'SEND_TIMEOUT'],
  ['config.healthCheckTimeout', 'HEALTH_CHECK_TIMEOUT'],
  ['config.healthCheckInterval', 'HEALTH_CHECK_INTERVAL'],
  ['config.overloadEventLoopDelay', 'OVERLOAD_EVENT_LOOP_DELAY'],
  ['gateway.timeout', 'GATEWAY_TIMEOUT'],
];
const VARIABLES = everyVariable();
const leastMs = (variable: string) => VARIABLES[variable]?.leastMs ?? 0;

/** Those of these values that the chart has, by their paths. */
function valuesOf(texts: [path: string, text: string][]): object {
  const values: Record<string, Record<string, unknown>> = {
    gateway: { targets: [{ path: '/a', url: 'http://a:8000' }] },
  };
  for (const [path, text] of texts) {
    const [block = '', key = ''] = path.split('.');
    values[block] = { ...values[block], [key]: text };
  }
  return knownOf(values);
}

/** A part of the chart may have gone: docs/taking-out.md. */
const bound = BOUND.filter(([, variable]) => variable in VARIABLES);

test('helm/files/durations.json is what the schema says (npm run docs writes it)', async () => {
  const { now, wanted } = await chartDurations();

  expect(now).toBe(wanted);
});

test(
  'the shortest that the service takes is rendered',
  async () => {
    // The least is no more than what may be longer than it: 0 for each of these two is no limit.
    const texts = bound.map(([path, variable]): [string, string] => [path, `${leastMs(variable)}ms`]);
    const env = envOf(await render({ values: valuesOf(texts) }));

    for (const [, variable] of bound)
      expect(VARIABLES[variable]?.parse(env[variable] ?? '')).toBe(leastMs(variable));
  },
  TIMEOUT,
);

test.each(bound.filter(([, variable]) => leastMs(variable) > 0))(
  'a %s that is too short for the service does not render, and helm says what is expected',
  async (path, variable) => {
    const text = `${leastMs(variable) - 1}ms`;

    expect(() => VARIABLES[variable]?.parse(text)).toThrow('too short');
    await expect(render({ values: valuesOf([[path, text]]) })).rejects.toThrow(
      `${path} is ${text}, too short for the service: expected ${leastMs(variable)}ms to 24h`,
    );
  },
  TIMEOUT,
);

test.each<[path: string, value: unknown, sentence: string]>([
  ['config.keepAliveTimeout', '25h', 'config.keepAliveTimeout: "25h" is more than 24h'],
  [
    'config.headersTimeout',
    '70s',
    'config.headersTimeout is 70s: expected at most config.requestTimeout, which is 60s',
  ],
  // Without its unit.
  [
    'config.headersTimeout',
    3,
    'config.headersTimeout is 3, without a unit: expected a duration such as 3s, 3ms, or 0',
  ],
  ['shutdown.window', 5, 'shutdown.window is 5, without a unit: expected a duration such as 5s, 5ms, or 0'],
  ['shutdown.windowMax', 12, 'shutdown.windowMax is 12, without a unit'],
  ['shutdown.drainTimeout', 1.5, 'shutdown.drainTimeout is 1.5, without a unit'],
])(
  '%s: %j does not render, and helm says why',
  async (path, value, sentence) => {
    await expect(render({ values: valuesOf([[path, value as string]]) })).rejects.toThrow(sentence);
  },
  TIMEOUT,
);
