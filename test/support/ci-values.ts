import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../../scripts/helm.ts';

/** The values files in helm/ci, `default` and so on, and their paths. */
export const CI_VALUES: [name: string, path: string][] = readdirSync(join(CHART, 'ci')).map((file) => [
  file.replace('-values.yaml', ''),
  join(CHART, 'ci', file),
]);

/** The oldest that the chart supports, the newest, and two between. */
export const KUBE_VERSIONS = ['1.29.0', '1.31.0', '1.34.0', '1.36.0'];
