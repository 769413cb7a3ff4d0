import { describe, expect, test } from '@jest/globals';
import { parseFlags } from '../../rehearsal/command/flags.ts';
import { readOptions } from '../../rehearsal/command/options.ts';
import { settingsOf } from '../../rehearsal/verdict/settings.ts';
import { faulty, planOf, service } from '../support/rehearsal-plan.ts';
import { crashRehearsal, heavyRehearsal, killedRehearsal, rehearsal } from '../support/rehearsal-result.ts';
import { againstSchema } from '../support/rehearsal-schema.ts';

/** Everything that a value holds and is no object, with where it is. */
function leaves(value: unknown, at = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[at, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${at}.${key}`));
}

const COMMAND = [
  '--command',
  'node server.js',
  '--ready-path',
  '/ready',
  '--header',
  'X-Trace: on',
  '--expect-status',
  '204',
  '--expect-body',
  'hello',
  '--id-header',
  'X-Id',
  '--post-body',
  '{"a":1}',
  '--stop-signal',
  'SIGQUIT',
  '--env',
  'LEVEL=debug',
  '--https',
];

describe('the settings of a result', () => {
  test('hold everything of the plan but the environment of the machine', async () => {
    const { plans } = await readOptions(COMMAND, { PATH: '/bin' });
    const [plan] = plans;
    if (plan === undefined) throw new Error('no plan');
    const { environment: _all, title: _shown, ...program } = plan.program;
    const { scenario: _name, ...others } = { ...plan, program };

    const written = leaves(settingsOf(plan)).map(([, value]) => value);

    const missing = leaves(others).filter(([, value]) => value !== undefined && !written.includes(value));
    expect(missing).toEqual([]);
  });

  test('have the arguments that make the same plan again', async () => {
    const [plan] = (await readOptions(COMMAND, { PATH: '/bin' })).plans;
    if (plan === undefined) throw new Error('no plan');

    const again = await readOptions(settingsOf(plan).arguments, { PATH: '/bin' });

    expect(again.plans).toEqual([plan]);
  });

  test('hide what looks like a secret, wherever it stands', async () => {
    const headers = [
      '--header',
      'Authorization: Bearer abc',
      '--header=X-Api-Key: abc',
      '--header',
      'X-Plain: one',
    ];
    const variables = ['--env', 'DB_PASSWORD=abc', '--env=URL=http://me:abc@host/', '--env', 'TOKEN=abc'];
    const args = [
      ...headers,
      ...variables,
      '--command',
      'API_KEY=abc node server.js --db postgres://me:abc@host/',
    ];
    const [plan] = (await readOptions(args, {})).plans;
    if (plan === undefined) throw new Error('no plan');

    const settings = settingsOf(plan);

    expect(JSON.stringify(settings)).not.toContain('abc');
    expect(settings.headers['X-Plain']).toBe('one');
    expect(parseFlags(settings.arguments).header).toMatchObject({ 'X-Plain': 'one', Authorization: '***' });
  });
});

describe('the schema of the JSON', () => {
  test.each([
    ['of a result', rehearsal()],
    ['of one with losses', heavyRehearsal()],
    ['of a killed replica', killedRehearsal()],
    ['of a crash', crashRehearsal()],
    ['of an inconclusive one', rehearsal({}, { verdict: 'inconclusive', why: 'busy' })],
    ['of several', [rehearsal(), heavyRehearsal()]],
    ['of every setting', { ...rehearsal(), settings: settingsOf(planOf(service())) }],
    [
      'of another program',
      { ...rehearsal(), settings: settingsOf(planOf(faulty('none', { livePath: '/' }))) },
    ],
    [
      'of a search',
      { version: 1, windowMs: 750, tries: [{ windowMs: 750, lost: 0 }], endpointLagMs: 1, jitter: 0.2 },
    ],
  ])('is that %s', (_what, result) => {
    expect(againstSchema(result)).toEqual([]);
  });

  test('knows no other fields, and no other version', () => {
    expect(againstSchema({ ...rehearsal(), more: 1 })).not.toEqual([]);
    expect(againstSchema({ ...rehearsal(), version: 1 })).not.toEqual([]);
  });
});
