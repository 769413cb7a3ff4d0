import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ALL_PANELS, DASHBOARD, QUERIES, ROOM_PANELS } from '../support/dashboard.ts';
import { unknownWordsOf } from '../support/promql.ts';

const SOURCE = { type: 'prometheus', uid: '${datasource}' };

test('the dashboard has what Grafana needs to load it: a uid, a version, panels with ids of their own', () => {
  expect(DASHBOARD).toMatchObject({ title: 'Service', uid: 'service', schemaVersion: 39 });
  const ids = ALL_PANELS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('its rows are requests, saturation, rollouts and the error budget', () => {
  const rows = DASHBOARD.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  // The rules of the alerts record what the budget is made of, and both may have been taken out.
  const budget = existsSync('helm/files/alerts') ? ['Error budget'] : [];
  expect(rows).toEqual(['Requests', 'Saturation', 'Rollouts', ...budget]);
});

test.each([['the dashboard', DASHBOARD.panels], ...Object.entries(ROOM_PANELS)])(
  'no two panels of %s overlap, and none leaves the 24 columns',
  (_name, panels) => {
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect({ title, right: gridPos.x + gridPos.w <= 24 }).toEqual({ title, right: true });
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect({ title, free: !taken.has(`${x},${y}`) }).toEqual({ title, free: true });
          taken.add(`${x},${y}`);
        }
      }
    }
  },
);

const panels = ALL_PANELS.filter(({ type }) => type !== 'row');

test.each(panels)(
  'the panel "$title" is of a known type, says what it shows, and asks the chosen source',
  (panel) => {
    expect(['timeseries', 'state-timeline', 'stat']).toContain(panel.type);
    expect(panel.description).toMatch(/\.$/);
    expect(panel.datasource).toEqual(SOURCE);
    expect(panel).toHaveProperty('fieldConfig.defaults.unit', expect.any(String));
    const refIds = panel.targets?.map(({ refId }) => refId) ?? [];
    expect(refIds.length).toBeGreaterThan(0);
    expect(new Set(refIds).size).toBe(refIds.length);
    for (const target of panel.targets ?? []) expect(target.datasource).toEqual(SOURCE);
  },
);

describe('the variables', () => {
  test('are the source, the namespace, the service and the pod', () => {
    expect(DASHBOARD.templating.list.map(({ name }) => name)).toEqual([
      'datasource',
      'namespace',
      'service',
      'pod',
    ]);
  });

  /** What the whole service may lose is not a matter of one pod. */
  const isBudget = (selector: string) => selector.startsWith('namespace_job:');

  test.each(QUERIES)('choose what every selector of "$where" sees ($text)', ({ expr }) => {
    expect(unknownWordsOf(expr)).toEqual([]);
    const selectors = expr.match(/[\w:]*\{[^}]*\}/g) ?? [];
    expect(selectors.length).toBeGreaterThan(0);
    // kube-state-metrics has a job of its own.
    for (const selector of selectors.filter((one) => one.startsWith('kube_')))
      expect(selector).toContain('namespace="$namespace",pod=~"$service-');
    for (const selector of selectors.filter((one) => !one.startsWith('kube_'))) {
      expect(selector).toContain('namespace="$namespace",job="$service"');
      expect(selector.includes(',pod=~"$pod"')).toBe(!isBudget(selector));
    }
    const variables = new Set(expr.match(/\$\w+/g));
    for (const known of ['$namespace', '$service', '$pod', '$__rate_interval', '$__interval'])
      variables.delete(known);
    expect(variables).toEqual(new Set());
  });
});
