import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from '../../scripts/helm.ts';

export interface Preset {
  name: string;
  file: string;
  /** The flag of the rehearsal, with what is assumed of the platform. */
  lag: string;
}

/** The values in helm/presets/. */
export const PRESETS: Preset[] = readdirSync(join(CHART, 'presets')).map((name) => {
  const file = join(CHART, 'presets', name);
  const [, lag = ''] = /^# Rehearsed with --endpoint-lag (\d+m?s)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return { name: name.replace('.yaml', ''), file, lag };
});
