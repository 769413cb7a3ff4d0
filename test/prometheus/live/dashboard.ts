import { describe, expect } from '@jest/globals';
import { filledIn, QUERIES } from '../../support/dashboard.ts';
import type { Part } from '../../support/life.ts';

/** Without those of kube-state-metrics, which only a cluster has. */
const OURS = QUERIES.filter(({ expr }) => !expr.includes('kube_'));

export const defineTests: Part['defineTests'] = (test, life) => {
  describe('every metric and label is one that a real scrape has', () => {
    test('in the dashboard', async () => {
      const problems: Record<string, string[]> = {};
      for (const { where, expr, text } of OURS) {
        const found = await life().missing(filledIn(expr), [text]);
        if (found.length > 0) problems[where] = found;
      }
      expect(problems).toEqual({});
    });
  });

  describe('every query returns data', () => {
    test.each(OURS)('of the dashboard: $where ($text)', async ({ expr, text }) => {
      const series = await life().overTime(filledIn(expr));
      expect(series).not.toEqual([]);
      for (const [, label = ''] of text.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(series.filter(({ metric }) => metric[label] !== undefined)).not.toEqual([]);
      }
    });
  });
};
