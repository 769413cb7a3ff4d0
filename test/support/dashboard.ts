import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TARGET } from './prometheus.ts';

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: { refId: string; expr: string; legendFormat: string; datasource: object }[];
}

export interface Dashboard {
  title: string;
  uid: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string; query: string; datasource?: object }[] };
  annotations: { list: { name: string; expr: string; titleFormat: string }[] };
  panels: Panel[];
}

export const DASHBOARD = JSON.parse(readFileSync('helm/files/dashboard.json', 'utf8')) as Dashboard;

const ROOMS = 'helm/files/panels';

/** By room, the panels that the chart puts below those of the dashboard: what has been taken out has none. */
export const ROOM_PANELS: Record<string, Panel[]> = Object.fromEntries(
  (existsSync(ROOMS) ? readdirSync(ROOMS) : []).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(join(ROOMS, file), 'utf8')) as Panel[],
  ]),
);

export const ALL_PANELS = [...DASHBOARD.panels, ...Object.values(ROOM_PANELS).flat()];

/** Every query of the dashboard, with where it is and the text that its labels go into. */
export const QUERIES = [
  ...ALL_PANELS.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat: text }) => ({ where: title, expr, text })),
  ),
  ...DASHBOARD.annotations.list.map(({ name: where, expr, titleFormat: text }) => ({ where, expr, text })),
];

/** As Grafana does it for one namespace, one service and all pods. */
export function filledIn(expr: string): string {
  return expr
    .replaceAll('$namespace', TARGET.namespace)
    .replaceAll('$service', TARGET.job)
    .replaceAll('$pod', '.*')
    .replaceAll('$__rate_interval', '5s')
    .replaceAll('$__interval', '5s');
}
