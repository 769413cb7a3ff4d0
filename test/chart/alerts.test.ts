import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ofKind, render } from '../../scripts/helm.ts';
import { readPaths } from '../../scripts/paths.ts';
import { expectRefused } from '../support/extras.ts';

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
      String.raw`shutdown_requests_total{outcome=~\"cut|broken\",namespace=\"shop\",job=\"rel\"}`,
    );
  },
  TIMEOUT,
);

test('the alerts of the chart know the routes that are long by design', () => {
  const { slowRoutes } = readPaths();
  const values = parse(readFileSync('helm/values.yaml', 'utf8')) as {
    metrics: { prometheusRule: { slowRoutes: string } };
  };
  const template = readFileSync('helm/templates/prometheusrule.yaml', 'utf8');

  expect(values.metrics.prometheusRule.slowRoutes).toBe(slowRoutes);
  expect(template).toContain(`ternary ${JSON.stringify(slowRoutes)} .slowRoutes`);
});

test.each<[path: string, value: unknown]>([
  ['metrics.prometheusRule.availability', 100],
  ['metrics.prometheusRule.latencySeconds', 0.3],
  ['metrics.prometheusRule.slowRoutes', '"'],
  ['metrics.prometheusRule.runbook', 'runbook.md#here'],
])('%s: %j is refused, by name', async (path, value) => expectRefused(path, value), TIMEOUT);
