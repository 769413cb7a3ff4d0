import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest } from '@jest/globals';
import { own } from '../harness/own.ts';
import { testWithProc } from '../support/proc.ts';
import { inWords } from './report/numbers.ts';
import type { Counts, Results } from './results.ts';

jest.setTimeout(300_000);

const BENCH = 'test/bench/bench.ts';
const TSX = 'node_modules/tsx/dist/cli.mjs';

const testWherePossible = testWithProc();

testWherePossible(
  'a short run measures this service beside bare Express, and its numbers are what it has counted',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    own(() => rmSync(folder, { recursive: true }));
    const out = join(folder, 'results.json');
    const args = ['--quick', '--only', 'get,404,500,start', '--against', 'express', '--out', out];
    const said = execFileSync(process.execPath, [TSX, BENCH, ...args], { encoding: 'utf8' });
    const results = JSON.parse(readFileSync(out, 'utf8')) as Results;

    expect(results.measures.map(({ name }) => name)).toEqual(['get', '404', '500', 'start']);
    for (const { samples } of results.measures) expect(Object.keys(samples)).toEqual(['express', 'service']);

    const perSecond = ({ answers = NaN, seconds = NaN }: Counts = {}) => answers / seconds;
    const one = (value: number) => inWords({ median: value, low: value, high: value });
    for (const { name, samples } of results.measures.filter(({ name }) => name !== 'start')) {
      const [express, service] = [perSecond(samples['express']?.[0]), perSecond(samples['service']?.[0])];
      expect([name, service > 0]).toEqual([name, true]);
      expect(said).toMatch(new RegExp(`this service +${one(service / express)} +${one(service)} requests/s`));
    }
  },
);

testWherePossible('a wrong command line ends with 64 and what is possible', () => {
  const { status, stderr } = spawnSync(process.execPath, [TSX, BENCH, '--only', 'speed'], {
    encoding: 'utf8',
  });

  expect(status).toBe(64);
  expect(stderr).toContain('--only: speed is not one of get, ');
});
