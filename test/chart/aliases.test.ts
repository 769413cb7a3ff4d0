import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { CHART, type KubeObject, ofKind, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';

interface Monitor extends KubeObject {
  spec: { podMetricsEndpoints: { relabelings: { targetLabel: string; replacement: string }[] }[] };
}

/** A chart that has this one twice. */
function parentChart(aliases: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'parent-'));
  const { name, version } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, string>;
  const dependencies = aliases.map((alias) => ({ name, version, alias }));
  writeFileSync(
    join(folder, 'Chart.yaml'),
    stringify({ apiVersion: 'v2', name: 'shop', version: '1.0.0', dependencies }),
  );
  mkdirSync(join(folder, 'charts'));
  cpSync(CHART, join(folder, 'charts', name ?? ''), { recursive: true });
  return folder;
}

test('twice in one release, each has a job of its own, and looks at that one only', async () => {
  const chart = parentChart(['orders', 'stock']);
  try {
    const metrics = {
      podMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    };
    const own = knownOf({ metrics });
    const objects = await render({ chart, values: { orders: own, stock: own } });

    const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
    const jobs = ofKind<Monitor>(objects, 'PodMonitor').map(({ metadata, spec }) => [
      metadata.name,
      spec.podMetricsEndpoints[0]?.relabelings[0],
    ]);
    expect(jobs).toEqual(
      ['rel-orders', 'rel-stock'].map((name) => [name, { targetLabel: 'job', replacement: name }]),
    );
    for (const name of ['orders', 'stock']) {
      const others = objects.filter(
        ({ kind, metadata }) =>
          ['PrometheusRule', 'ConfigMap'].includes(kind) && metadata.name.includes(name),
      );
      const text = JSON.stringify(others);
      // In selectors of the rules, and of the dashboard what is chosen when it is opened.
      const selected = text.match(/(?<=job=\\+")[\w-]+/g) ?? [];
      expect(new Set(selected)).toEqual(
        new Set(others.length > 0 && selected.length > 0 ? [`rel-${name}`] : []),
      );
      expect(text).not.toContain(name === 'orders' ? 'rel-stock' : 'rel-orders');
    }
  } finally {
    rmSync(chart, { recursive: true });
  }
}, 60_000);
