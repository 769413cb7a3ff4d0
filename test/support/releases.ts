import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHART, type KubeObject, render } from '../../scripts/helm.ts';
import { CHART_NAME } from './names.ts';

/**
 * What the chart renders with each of these values: one run of helm for all of them, where starting it is what takes time.
 * Each is a dependency of one parent, under a name of its own, `r0`, `r1` …, which is the chart's name there.
 *
 * @throws RenderError `HELM_RENDER` if one of them does not render
 */
export async function renderEach(all: object[]): Promise<KubeObject[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'releases-'));
  try {
    const names = all.map((_values, index) => `r${index}`);
    const dependencies = names.map((alias) => ({ name: CHART_NAME, version: '0.x', alias }));
    mkdirSync(join(folder, 'charts'));
    cpSync(CHART, join(folder, 'charts', CHART_NAME), { recursive: true });
    writeFileSync(
      join(folder, 'Chart.yaml'),
      JSON.stringify({ apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies }),
    );
    const values = Object.fromEntries(names.map((name, index) => [name, all[index]]));
    const objects = await render({ chart: folder, values });
    return names.map((name) =>
      objects.filter(({ metadata }) => metadata.name.replace(/^rel-/, '').split('-')[0] === name),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
