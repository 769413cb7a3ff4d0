import { readFileSync } from 'node:fs';
import { describe, expect } from '@jest/globals';
import type { Part } from '../../support/life.ts';
import { documentedQueries } from '../../support/metrics-page.ts';

export const defineTests: Part['defineTests'] = (test, life) => {
  describe('every query returns data', () => {
    test.each(documentedQueries(readFileSync('docs/metrics.md', 'utf8')))(
      'of docs/metrics.md: %s',
      async (expr) => {
        expect(await life().overTime(expr)).not.toEqual([]);
      },
    );
  });
};
