import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ROOM_VARIABLES } from '../../src/lastcall/config/config.ts';
import { helm } from '../../scripts/helm.ts';
import { Copy, OBSTACLE } from '../support/copy.ts';
import { unlessMissing } from '../support/skipping.ts';
import { LISTS, takeOut, uninstalledBy, valuesDroppedBy } from '../support/taking-out.ts';

jest.setTimeout(600_000);

const testWherePossible = unlessMissing(test, 'what can be taken out', OBSTACLE);
/** All of its tests run where everything is taken out. */
const CHART = ['test/chart/(render|schema)'];
const CHART_WHOLE = ['test/chart'];
/** The suites that a list touches, of those that are quick. */
const TOUCHED: Record<string, string[]> = {
  examples: ['test/chart/(contract|schema)', 'test/process/visibility', 'test/docs/'],
  tls: ['test/lastcall/', ...CHART, 'test/process/(start|half-close|listeners)'],
  gateway: ['test/lastcall/', ...CHART, 'test/process/(start|listeners|visibility)'],
  tracing: ['test/lastcall/(config|gateway|http)', 'test/process/start'],
  rehearsal: ['test/chart/(render|schema)', 'test/lastcall/config'],
  alerts: CHART,
  dashboard: CHART,
  ingress: CHART,
  'http-route': CHART,
  'network-policy': CHART,
  migrations: CHART,
  recipes: ['test/docs/', 'test/chart/schema'],
  deploy: [],
  compose: ['test/chart/alerts', 'test/lastcall/config'],
};
/** Of the slow ones. */
const TOUCHED_SLOW: Record<string, string[]> = {
  tracing: ['test/prometheus/compose'],
  alerts: ['test/prometheus/compose'],
  dashboard: ['test/prometheus/compose'],
};
/** Rooms, without which the engine as a package is another. */
const PACKED = ['tls', 'gateway'];
/** What the service does, and what a scrape shows of it, is another without these. */
const SERVED = ['examples', 'tls', 'gateway', 'tracing'];
const ALWAYS = ['test/workflows/docs', 'test/docs/(parts|editor|architecture|reliability)'];
const EVERYTHING = 'everything that can go';

/** Lists of different files, which cost one copy and its compilers together. */
const TOGETHER = [
  ['alerts', 'ingress', 'migrations', 'deploy'],
  ['dashboard', 'http-route', 'network-policy', 'recipes'],
  ['rehearsal', 'compose'],
];

/** A list alone or with those that it has nothing to do with, and all of them. */
const CASES: [title: string, lists: string[]][] = [
  ...Object.keys(LISTS)
    .filter((name) => !TOGETHER.flat().includes(name))
    .map((name): [string, string[]] => [name, [name]]),
  ...TOGETHER.map((lists): [string, string[]] => [lists.join(', '), lists]),
  [EVERYTHING, Object.keys(LISTS)],
];

test('every room has a list, and every list its tests', () => {
  expect(Object.keys(LISTS)).toEqual(expect.arrayContaining(Object.keys(ROOM_VARIABLES)));
  expect(Object.keys(LISTS).sort()).toEqual(Object.keys(TOUCHED).sort());
});

describe.each(CASES)('without %s', (title, lists) => {
  const whole = title === EVERYTHING ? CHART_WHOLE : [];
  const served = lists.some((name) => SERVED.includes(name));
  const own = served ? ['test/service'] : [];
  const touched = [
    ...new Set([...lists.flatMap((name) => TOUCHED[name] ?? []), ...whole, ...own, ...ALWAYS]),
  ];
  const slow = title === EVERYTHING ? [] : lists.flatMap((name) => TOUCHED_SLOW[name] ?? []);
  const packed = title !== EVERYTHING && lists.some((name) => PACKED.includes(name));
  let copy: Copy;
  /** What programs say that run beside each other. */
  let checks: Record<string, Promise<string>>;

  beforeAll(async () => {
    if (OBSTACLE !== undefined) return;
    copy = new Copy();
    await takeOut(copy, lists);
    const run = async (config: string, ...jestArgs: string[]) =>
      copy.failures('-c', `jest.${config}.config.js`, ...jestArgs);
    const tests = copy.failures(...touched);
    const neighbours = tests.then(async () => (slow.length > 0 ? run('slow', ...slow) : ''));
    const metrics = neighbours.then(async () =>
      served ? run('slow', 'test/prometheus/scrape', '-t', 'docs/metrics.md has') : '',
    );
    checks = {
      tsc: copy.complaints('tsc', '-p', 'tsconfig.json', '--noEmit'),
      tests,
      neighbours,
      metrics,
      packed: metrics.then(async () => (packed ? run('copies', 'test/engine/(api|package)') : '')),
    };
  });

  afterAll(async () => {
    await Promise.all(Object.values(checks ?? {}));
    copy?.remove();
  });

  testWherePossible('tsc has nothing to say', async () => {
    expect(await checks['tsc']).toBe('');
  });

  testWherePossible('the packages that only it has needed are gone, and nobody asks for them', () => {
    const gone = lists.flatMap(uninstalledBy);
    const names = Object.keys((JSON.parse(copy.read('package-lock.json')) as { packages: object }).packages);
    const imports = copy
      .files()
      .filter((path) => /\.[mc]?[jt]s$/.test(path))
      .flatMap((path) => gone.filter((name) => copy.read(path).includes(`from '${name}`)));

    expect(imports).toEqual([]);
    expect(names.filter((name) => gone.some((one) => name === `node_modules/${one}`))).toEqual([]);
  });

  testWherePossible('the tests of what is left pass', async () => {
    expect(await checks['tests']).toBe('');
  });

  if (slow.length > 0) {
    testWherePossible('its neighbours among the slow tests pass', async () => {
      expect(await checks['neighbours']).toBe('');
    });
  }

  if (served) {
    testWherePossible('docs/metrics.md has what a scrape of it has', async () => {
      expect(await checks['metrics']).toBe('');
    });
  }

  if (packed) {
    testWherePossible('the engine is packed without it', async () => {
      expect(await checks['packed']).toBe('');
    });
  }

  if (title === EVERYTHING) {
    // Alone, a list is formatted by the same steps, and what it leaves unused is an error for tsc, too.
    testWherePossible.each([
      ['prettier', ['--check', '--log-level=warn', '.']],
      ['oxlint', []],
    ])('%s has nothing to say', (program, args) => {
      expect(copy.complaintsOf(program, ...args)).toBe('');
    });
  }

  const rooms = lists.filter((name) => name in ROOM_VARIABLES);
  const variables = rooms.flatMap((room) => ROOM_VARIABLES[room]?.map((name) => [name, room] as const) ?? []);

  for (const [name, room] of variables) {
    testWherePossible(`${name} does not let it start, and it says why`, () => {
      expect(copy.complaintsOf('env', `${name}=x`, process.execPath, 'dist/main.js')).toMatch(
        new RegExp(
          `^exit code 78\\n[^]*  ${name}: expected not to be set, because this service has no ${room} `,
        ),
      );
    });
  }

  for (const path of lists.flatMap(valuesDroppedBy)) {
    testWherePossible(`the chart has no values for ${path}, and refuses them`, async () => {
      const keys = path.split('.');
      const values = keys.reduceRight<object>((inner, key) => ({ [key]: inner }), {});
      const rendered = await helm(['template', 'rel', copy.at('helm')]);
      const told = await helm(['template', 'rel', copy.at('helm'), '-f', '-'], values);

      expect(rendered).toMatchObject({ code: 0, stderr: '' });
      expect(told.code).not.toBe(0);
      expect(told.stderr).toContain(`'${keys.at(-1)}' not allowed`);
      expect(copy.read('helm/README.md')).not.toMatch(new RegExp(`\`${path}[.\`]`));
    });
  }
});
