import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ROOM_VARIABLES } from '../../src/lastcall/config/config.ts';
import { helm } from '../../scripts/helm.ts';
import { Copy, OBSTACLE } from '../support/copy.ts';
import { unlessMissing } from '../support/skipping.ts';
import { LISTS, takeOut, uninstalledBy, valuesDroppedBy } from '../support/taking-out.ts';

jest.setTimeout(600_000);

const testWherePossible = unlessMissing(test, 'what can be taken out', OBSTACLE);
const CHART = ['test/chart/(?!contract|shutdown)'];
/** The suites that a list touches, of those that are quick. */
const TOUCHED: Record<string, string[]> = {
  examples: [
    'test/lastcall/(?!gateway|listener)',
    'test/chart',
    'test/process/(start|visibility|listeners)',
    'test/docs/parts',
  ],
  tls: ['test/lastcall/', 'test/chart', 'test/process/(start|half-close|listeners)'],
  gateway: ['test/lastcall/', 'test/chart', 'test/process/(start|listeners|visibility)'],
  rehearsal: ['test/chart/(render|schema)', 'test/lastcall/config'],
  alerts: CHART,
  dashboard: CHART,
  ingress: CHART,
  'http-route': CHART,
  'network-policy': CHART,
  compose: ['test/chart/alerts', 'test/lastcall/config'],
};
/** Of the slow ones. */
const TOUCHED_SLOW: Record<string, string[]> = {
  tls: ['test/engine/(api|package)'],
  gateway: ['test/engine/(api|package)'],
  alerts: ['test/prometheus/(compose|dashboard|live)'],
  dashboard: ['test/prometheus/(compose|rules)'],
};
const ALWAYS = ['test/service', 'test/workflows', 'test/docs/(parts|editor)'];

/** One list alone, and all of them together. */
const CASES: [title: string, lists: string[]][] = [
  ...Object.keys(LISTS).map((name): [string, string[]] => [name, [name]]),
  ['everything that can go', Object.keys(LISTS)],
];

test('every room has a list, and every list its tests', () => {
  expect(Object.keys(LISTS)).toEqual(expect.arrayContaining(Object.keys(ROOM_VARIABLES)));
  expect(Object.keys(LISTS).sort()).toEqual(Object.keys(TOUCHED).sort());
});

describe.each(CASES)('without %s', (_title, lists) => {
  let copy: Copy;
  beforeAll(async () => {
    if (OBSTACLE !== undefined) return;
    copy = new Copy();
    await takeOut(copy, lists);
  });
  afterAll(() => copy?.remove());

  testWherePossible.each([
    ['tsc', ['-p', 'tsconfig.json', '--noEmit']],
    ['oxlint', []],
    ['prettier', ['--check', '--log-level=warn', '.']],
  ])('%s has nothing to say', (program, args) => {
    expect(copy.complaintsOf(program, ...args)).toBe('');
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

  testWherePossible('the tests of what is left pass', () => {
    const touched = lists.flatMap((name) => TOUCHED[name] ?? []);
    expect(copy.failuresOf(...new Set([...touched, ...ALWAYS]))).toBe('');
  });

  const slow = lists.flatMap((name) => TOUCHED_SLOW[name] ?? []).filter(() => lists.length === 1);
  if (slow.length > 0) {
    testWherePossible('its neighbours among the slow tests pass', () => {
      expect(copy.failuresOf('-c', 'jest.slow.config.js', ...slow)).toBe('');
    });
  }

  testWherePossible('docs/metrics.md has what a scrape of it has', () => {
    const suite = ['-c', 'jest.slow.config.js', 'test/prometheus/scrape', '-t', 'docs/metrics.md has'];
    expect(copy.failuresOf(...suite)).toBe('');
  });

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
