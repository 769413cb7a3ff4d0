import { describe, expect } from '@jest/globals';
import type { Part } from '../../support/life.ts';
import { type Rule, TARGET } from '../../support/prometheus.ts';
import { selectorsOf, unknownWordsOf } from '../../support/promql.ts';
import { renderedRules } from '../../support/rules.ts';

export const rules = renderedRules;

export const defineTests: Part['defineTests'] = (test, life) => {
  describe('after the process is gone', () => {
    test('the alert about the cut fires, with a text that a human can read', async () => {
      await life().prometheus.until('ALERTS{alertname="ShutdownCutRequests",alertstate="firing"}');
      const { alerts } = (await life().prometheus.api('alerts')) as {
        alerts: { labels: Record<string, string>; annotations: Record<string, string> }[];
      };
      const alert = alerts.find(({ labels }) => labels['alertname'] === 'ShutdownCutRequests');
      expect(alert?.annotations).toMatchObject({
        summary: `Pods of ${TARGET.job} cut requests when they shut down`,
        description: expect.stringContaining('(1 in 15 minutes)'),
      });
      const names = alerts.map(({ labels }) => labels['alertname']);
      expect(names).toContain('ShutdownHookFailed');
      for (const quiet of [
        'ShutdownNearDeadline',
        'ShutdownUnfinished',
        'ConnectionsRefused',
        'LogLinesDropped',
      ])
        expect(names).not.toContain(quiet);
    });
  });

  describe('every metric and label is one that a real scrape has', () => {
    test('in the rules', async () => {
      const problems: Record<string, string[]> = {};
      for (const rule of (await rules()).groups.flatMap((group) => group.rules)) {
        // Those of kube-state-metrics are not ours; a rule may ask for nothing else.
        const own = selectorsOf(rule.expr).filter((selector) => !selector.startsWith('kube_'));
        if (own.length === 0) continue;
        const texts = Object.values(rule.annotations ?? {});
        const missing = await life().missing(rule.expr, texts);
        const found = [...unknownWordsOf(rule.expr), ...missing].filter((word) => !word.startsWith('kube_'));
        if (found.length > 0) problems[nameOf(rule)] = found;
      }
      expect(problems).toEqual({});
    });
  });
};

function nameOf({ alert, record, labels }: Rule): string {
  return `${alert ?? record ?? ''} ${labels?.['window'] ?? ''}`.trim();
}
