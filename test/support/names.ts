import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

// What is derived from a name is tested with the name that is there: a clone has another one.

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Of the package: what the service calls itself unless SERVICE_NAME says otherwise. */
export const { name: PACKAGE_NAME } = JSON.parse(read('package.json')) as { name: string };

/** Of the chart: the name of the container, and a part of the name of every object. */
export const { name: CHART_NAME } = parse(read('helm/Chart.yaml')) as { name: string };

/** The ports of the chart by default, which are those of the service. */
export const { ports: PORTS } = parse(read('helm/values.yaml')) as {
  ports: { http: number; management: number };
};

/** The pod of release `rel` that the tests play. */
export const POD_NAME = `rel-${CHART_NAME}-5d8f7c9b6-x2x9z`;
