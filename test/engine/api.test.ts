import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REPORTS, writeApiReports } from '../../scripts/engine-api.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reports-'));
  writeApiReports(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('docs/api/ has a report for each door, and no other', () => {
  expect(readdirSync(REPORTS).sort()).toEqual(readdirSync(folder).sort());
});

test.each(readdirSync(REPORTS))(
  'the public types are as docs/api/%s has them (if that is meant: npm run api:report)',
  (name) => {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(readFileSync(join(REPORTS, name), 'utf8'));
  },
);
