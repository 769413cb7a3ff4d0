import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, ofKind, render } from '../../scripts/helm.ts';
import { readPaths } from '../../scripts/paths.ts';
import { expectRefused } from '../support/extras.ts';
import { CHART_NAME } from '../support/names.ts';
import { renderedRules } from '../support/rules.ts';

const TIMEOUT = 60_000;

test(
  'the alerts arrive as they are in files/, for this release only',
  async () => {
    const objects = await render({
      values: { metrics: { prometheusRule: { enabled: true } } },
      args: ['--namespace', 'shop'],
    });
    const rules = JSON.stringify(ofKind(objects, 'PrometheusRule'));
    expect(rules).toContain('{{ $labels.job }}');
    expect(rules).not.toMatch(/%[A-Z_]+%/);
    expect(rules.match(/shutdown_requests_total\{[^}]*\}/)?.[0]).toBe(
      String.raw`shutdown_requests_total{outcome=~\"cut|broken\",namespace=\"shop\",job=\"rel-${CHART_NAME}\"}`,
    );
    // Of rooms that are off there is nothing to watch.
    expect(rules).not.toMatch(/tls_|gateway_/);
  },
  TIMEOUT,
);

test(
  'an alert is turned off by its name, or has labels and a severity of its own, beside those of all',
  async () => {
    const alertsOf = async (values: object) =>
      (await renderedRules(values)).groups
        .flatMap(({ rules }) => rules)
        .filter(({ alert }) => alert !== undefined);
    const before = await alertsOf({});
    const after = await alertsOf({
      alertLabels: { team: 'shop', page: 'no', window: 'x' },
      alerts: {
        LoadShed: { enabled: false },
        HeapNearLimit: { severity: 'critical', labels: { page: 'memory' } },
      },
    });
    const labels = (name: string, severity: string) =>
      after
        .filter(({ alert, labels: own }) => alert === name && own?.['severity'] === severity)
        .map((rule) => rule.labels);
    expect(after.map(({ alert }) => alert)).toEqual(
      before.map(({ alert }) => alert).filter((name) => name !== 'LoadShed'),
    );
    expect(labels('HeapNearLimit', 'critical')).toEqual([
      { severity: 'critical', page: 'memory', team: 'shop', window: 'x' },
    ]);
    expect(labels('ErrorBudgetBurn', 'critical')).toEqual(
      ['1h', '6h'].map((window) => ({ severity: 'critical', page: 'no', team: 'shop', window })),
    );
  },
  TIMEOUT,
);

test(
  'an alert that there is not does not render, and helm lists those that there are',
  async () => {
    const alerts = { HeapNearLimits: { enabled: false } };
    await expect(renderedRules({ alerts })).rejects.toThrow(
      /prometheusRule\.alerts\.HeapNearLimits: there is no such alert, only .*HeapNearLimit, .*NotScraped/,
    );
  },
  TIMEOUT,
);

// The chart is a copy, because the address of the source is in its Chart.yaml.
test.each([
  ['no source', '', {}, undefined],
  [
    'a source on GitHub',
    'home: https://github.com/acme/shop.git\n',
    {},
    'https://github.com/acme/shop/blob/v1.2.3/docs/runbook.md',
  ],
  [
    'sources before the home page',
    'home: https://acme.example\nsources: [https://gitlab.com/acme/shop/]\n',
    {},
    'https://gitlab.com/acme/shop/-/blob/v1.2.3/docs/runbook.md',
  ],
  [
    'a value',
    'home: https://github.com/acme/shop\n',
    { runbook: 'https://wiki.example.com/x' },
    'https://wiki.example.com/x',
  ],
])(
  'with %s the alerts link to the runbook there',
  async (_what, more, values, page) => {
    const folder = copyOfTheChart(
      (chart) =>
        chart.replace(/^(home|sources):.*\n/gm, '').replace(/^version: .*$/m, 'version: 1.2.3+build.7') +
        more,
    );
    try {
      const metrics = { prometheusRule: { enabled: true, ...values } };
      const objects = await render({ chart: folder, values: { metrics } });
      const urls = JSON.stringify(ofKind(objects, 'PrometheusRule')).match(/(?<="runbook_url":")[^"]*/g);
      const pages = urls?.map((url) => url.replace(/#[a-z]+$/, ''));
      expect(new Set(pages)).toEqual(new Set(page === undefined ? [] : [page]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  TIMEOUT,
);

/** Only to be read, with another Chart.yaml. */
function copyOfTheChart(change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  cpSync(CHART, folder, { recursive: true });
  const file = join(folder, 'Chart.yaml');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return folder;
}

test('the alerts of the chart know the routes that are long by design', () => {
  const { slowRoutes } = readPaths();
  const values = parse(readFileSync('helm/values.yaml', 'utf8')) as {
    metrics: { prometheusRule: { slowRoutes: string } };
  };
  const template = readFileSync('helm/templates/_alerts.tpl', 'utf8');

  expect(values.metrics.prometheusRule.slowRoutes).toBe(slowRoutes);
  expect(template).toContain(`ternary ${JSON.stringify(slowRoutes)} $values.slowRoutes`);
});

test.each<[path: string, value: unknown]>([
  ['metrics.prometheusRule.availability', 100],
  ['metrics.prometheusRule.latencySeconds', 0.3],
  ['metrics.prometheusRule.slowRoutes', '"'],
  ['metrics.prometheusRule.runbook', 'runbook.md#here'],
  ['metrics.prometheusRule.minimumRequests', -1],
  ['metrics.prometheusRule.alerts.HeapNearLimit.severity', ''],
])('%s: %j is refused, by name', async (path, value) => expectRefused(path, value), TIMEOUT);
