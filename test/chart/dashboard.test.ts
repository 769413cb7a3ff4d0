import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { IConfigMap } from 'kubernetes-models/v1';
import { CHART, helm, type KubeObject, ofKind, parseManifests, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';
import { CHART_NAME } from '../support/names.ts';

const TIMEOUT = 60_000;

interface Panel {
  type: string;
  gridPos: { y: number; h: number };
}

interface Dashboard {
  panels: Panel[];
  title: string;
  uid: string;
  tags: string[];
  templating: { list: { name: string; current?: { value: unknown } }[] };
}

function dashboardOf(objects: KubeObject[]): Dashboard {
  const [map] = ofKind<IConfigMap>(objects, 'ConfigMap');
  return JSON.parse(Object.values(map?.data ?? {})[0] ?? '') as Dashboard;
}

test(
  'the dashboard arrives as it is in files/, for this release only',
  async () => {
    const objects = await render({
      values: { metrics: { dashboard: { enabled: true } } },
      args: ['--namespace', 'shop'],
    });
    // Everything but what it is called, and what is chosen when it is opened.
    const rest = ({ templating, ...dashboard }: Dashboard) => ({
      ...dashboard,
      title: '',
      uid: '',
      tags: [],
      variables: templating.list.map((variable) =>
        ['namespace', 'service'].includes(variable.name) ? { ...variable, current: undefined } : variable,
      ),
    });
    const file = JSON.parse(readFileSync(join(CHART, 'files/dashboard.json'), 'utf8')) as Dashboard;
    expect(rest(dashboardOf(objects))).toEqual(rest(file));
  },
  TIMEOUT,
);

test(
  'a room that is on has a row below the others',
  async () => {
    const rooms = knownOf({
      tls: { enabled: true, secretName: 'tls' },
      gateway: { targets: [{ path: '/a', url: 'http://a' }] },
    });
    const panels = async (values: object) => {
      const all = { ...values, metrics: { dashboard: { enabled: true } } };
      return dashboardOf(await render({ values: all })).panels;
    };
    const [without, all] = [await panels({}), await panels(rooms)];
    const end = (list: Panel[]) => Math.max(...list.map(({ gridPos }) => gridPos.y + gridPos.h));
    expect(all.slice(0, without.length)).toEqual(without);
    const rows = all.slice(without.length).filter(({ type }) => type === 'row');
    expect(rows).toHaveLength(Object.keys(rooms).length);
    for (const row of rows) expect(row.gridPos.y).toBe(end(all.slice(0, all.indexOf(row))));
  },
  TIMEOUT,
);

test(
  'each release has a dashboard of its own, which shows that release when it is opened',
  async () => {
    const dashboard = async (release: string, namespace: string) => {
      const args = ['template', release, CHART, '--namespace', namespace, '-f', '-'];
      const { stdout } = await helm(args, { metrics: { dashboard: { enabled: true } } });
      return dashboardOf(parseManifests(stdout));
    };
    const name = `orders-${CHART_NAME}`;
    const { title, uid, tags, templating } = await dashboard('orders', 'shop');
    expect({ title, uid, tags }).toEqual({
      title: `${name} in shop`,
      uid: expect.stringMatching(/^shop-orders-[\w-]*[0-9a-f]{12}$/),
      tags: [CHART_NAME],
    });
    const chosen = templating.list.map(({ name, current }) => [name, current?.value]);
    expect(Object.fromEntries(chosen)).toMatchObject({ namespace: 'shop', service: name });

    const others = [
      await dashboard('orders', 'shop'),
      await dashboard('orders', 'test'),
      await dashboard('a-b', 'c'),
      await dashboard('b', 'c-a'),
      await dashboard('r'.repeat(53), 'n'.repeat(63)),
    ].map((other) => other.uid);
    expect(others[0]).toBe(uid);
    expect(new Set(others).size).toBe(others.length);
    // What Grafana takes for one.
    for (const other of others) expect(other).toMatch(/^[\w-]{1,40}$/);
  },
  TIMEOUT,
);

// Grafana's sidecar puts the files of all namespaces into one folder.
test(
  'its file is called by namespace and release',
  async () => {
    const values = { metrics: { dashboard: { enabled: true } } };
    const [map] = ofKind<IConfigMap>(await render({ values, args: ['--namespace', 'shop'] }), 'ConfigMap');

    expect(Object.keys(map?.data ?? {})).toEqual([`shop.rel-${CHART_NAME}.json`]);
  },
  TIMEOUT,
);
