import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { unlessMissing } from '../support/skipping.ts';
import { readOptions } from './options.ts';
import { PAGE, pageOf, PLOTS } from './report/page.ts';
import { plotsOf } from './report/plots.ts';
import { svgOf } from './report/svg.ts';
import { table } from './report/table.ts';
import type { MeasureResult, Results, Row } from './results.ts';

const RESULTS = 'bench/results.json';
const NAMES = { measures: ['get', 'idle'], contestants: ['express', 'service'] };

const rate: Row = {
  name: 'get',
  title: 'GET',
  formula: { of: 'answers', per: 'seconds' },
  unit: 'requests/s',
  better: 'more',
  shown: 'ratio',
};
const memory: Row = {
  name: 'memory',
  title: 'memory',
  formula: { of: 'after', less: 'before', per: 'connections', times: 1e-3 },
  unit: 'kB',
  better: 'less',
  shown: 'value',
};

function measured(rows: Row[], samples: MeasureResult['samples'], name = 'get'): MeasureResult {
  return { name, family: 'service', baseline: 'express', rows, samples };
}

function resultsOf(...measures: MeasureResult[]): Results {
  return {
    date: '2026-01-31',
    machine: { cpu: 'a processor', cores: 2, memoryBytes: 2 ** 32, kernel: '6.1', pinning: 'pinned' },
    versions: { node: 'v24.1.0' },
    generator: { name: 'a client', ceiling: { answers: 150_000, seconds: 2 } },
    rounds: 3,
    leftOut: { go: 'go is not on PATH' },
    titles: { express: 'bare Express', service: 'this service' },
    measures,
  };
}

test('a ratio is to the baseline of the same round, and the median of the rounds counts', () => {
  const result = measured([rate], {
    express: [
      { answers: 200, seconds: 2 }, // 100 a second
      { answers: 1000, seconds: 2 }, // 500
      { answers: 400, seconds: 1 }, // 400
    ],
    service: [
      { answers: 100, seconds: 2 }, // 50: 0.5
      { answers: 450, seconds: 1 }, // 450: 0.9
      { answers: 240, seconds: 1 }, // 240: 0.6
    ],
  });

  // Of the medians it would be 240 to 400 just as well, but 50 to 500 at the edges.
  expect(table(result, { service: 'this service' })).toMatch(
    /this service +0\.60 \(0\.50–0\.90\) +240 \(50\.0–450\) requests\/s/,
  );
});

test('a value is the difference of two counts for each of a third', () => {
  const samples = { service: [{ before: 40_000_000, after: 60_000_000, connections: 1000 }] };

  expect(table(measured([memory], samples), {})).toMatch(/service +20\.0 kB/);
});

test('a number whose counts are missing is an error, not a zero', () => {
  const result = measured([rate], { express: [{ answers: 200 }] });

  expect(() => table(result, {})).toThrow('seconds was not counted: answers');
});

test('the page has the numbers, where they come from, and who is not among them', async () => {
  const samples = { express: [{ answers: 200, seconds: 1 }], service: [{ answers: 150, seconds: 1 }] };
  const page = await pageOf(resultsOf(measured([rate], samples)), readFileSync(PAGE, 'utf8'));

  expect(page).toMatch(/\| GET +\| +\| 0\.75 +\|/);
  expect(page).toContain('2026-01-31');
  expect(page).toContain('75,000 requests/s');
  expect(page).toContain('- go: go is not on PATH');
  expect(page).toContain('## How it is measured');
});

test('the page says whose server had time left, so that the load was the limit', async () => {
  const samples = {
    express: [{ answers: 200, seconds: 1, cpuSeconds: 0.98 }],
    service: [{ answers: 150, seconds: 2, cpuSeconds: 1.5 }],
  };
  const page = await pageOf(resultsOf(measured([rate], samples)), readFileSync(PAGE, 'utf8'));

  expect(page).toContain('used, this service in `get` (0.75): the load');
});

test('a plot has a point for each size of a measure', () => {
  const row = (size: number) => ({
    ...rate,
    name: `metrics-${size}`,
    formula: { of: 'seconds', times: 1000 },
  });
  const sizes = [500, 1000].map((size) =>
    measured([row(size)], { service: [{ seconds: size / 1e6 }] }, `metrics-${size}`),
  );
  const [plot] = plotsOf(resultsOf(...sizes));

  expect(plot).toMatchObject({
    name: 'metrics',
    lines: [
      {
        title: 'this service',
        points: [
          [500, 0.5],
          [1000, 1],
        ],
      },
    ],
  });
  expect(plot === undefined ? '' : svgOf(plot)).toContain('this service</text>');
});

const obstacle = existsSync(RESULTS) ? undefined : `there is no ${RESULTS}`;
const testWherePossible = unlessMissing(test, 'docs/performance.md', obstacle);

testWherePossible('docs/performance.md and its plots are made of bench/results.json', async () => {
  const results = JSON.parse(readFileSync(RESULTS, 'utf8')) as Results;
  const page = readFileSync(PAGE, 'utf8');

  expect(await pageOf(results, page)).toBe(page);
  for (const plot of plotsOf(results)) {
    expect(readFileSync(`${PLOTS}/${plot.name}.svg`, 'utf8')).toBe(svgOf(plot));
  }
});

test.each([
  [['--only', 'get,put'], '--only: put is not one of get, idle'],
  [['--against', 'nginx'], '--against: nginx is not one of express, service'],
  [['--rounds', '0'], '--rounds: 0 is not a whole number from 1 to 99'],
  [['--fast'], "Unknown option '--fast'"],
  [['get'], "Unexpected argument 'get'"],
])('%j on the command line is an error that says what is possible', (args, message) => {
  expect(() => readOptions(args, NAMES)).toThrow(message);
});

test('the command line chooses measures, contestants and rounds', () => {
  const args = ['--only', 'get', '--only', 'idle', '--against', 'express', '--rounds', '3'];

  expect(readOptions(args, NAMES)).toMatchObject({ only: ['get', 'idle'], against: ['express'], rounds: 3 });
});
