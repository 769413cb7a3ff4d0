import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readPaths } from '../../scripts/paths.ts';

test('the alerts of the chart know the routes that are long by design', () => {
  const { slowRoutes } = readPaths();
  const values = parse(readFileSync('helm/values.yaml', 'utf8')) as {
    metrics: { prometheusRule: { slowRoutes: string } };
  };
  const template = readFileSync('helm/templates/prometheusrule.yaml', 'utf8');

  expect(values.metrics.prometheusRule.slowRoutes).toBe(slowRoutes);
  expect(template).toContain(`ternary ${JSON.stringify(slowRoutes)} .slowRoutes`);
});
