import { execFile } from 'node:child_process';
import { RehearsalError } from '../errors.ts';
import { type KubeObject, parseManifests } from './manifests.ts';

/** A chart, and the values that it is rendered with. */
export interface ChartSource {
  /** The program; it is looked for on PATH. */
  helm: string;
  /** The folder of the chart. */
  chart: string;
  /** Values files, as helm's `-f`. */
  files: string[];
  /** `key=value`, as helm's `--set`. */
  set: string[];
}

/** More than any chart renders. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What `helm install -f … --set …` would send to a cluster; none is asked.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` in the words of helm, or if there is none
 */
export async function renderChart({ helm, chart, files, set }: ChartSource): Promise<KubeObject[]> {
  const given = [...files.flatMap((file) => ['-f', file]), ...set.flatMap((value) => ['--set', value])];
  const text = await new Promise<string>((resolve, reject) => {
    const args = ['template', 'rehearsal', chart, ...given];
    execFile(helm, args, { maxBuffer: MAX_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT')
        reject(usage(`there is no ${helm} on PATH: the chart needs helm 3.16 or newer`));
      else reject(usage(stderr.trim() || error.message));
    });
  });
  return parseManifests(text);
}

function usage(message: string): RehearsalError {
  return new RehearsalError('REHEARSAL_USAGE', message);
}
