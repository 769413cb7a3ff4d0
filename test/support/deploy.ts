import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type KubeObject, parseManifests } from '../../scripts/helm.ts';

const FOLDER = 'deploy';

/** What deploy/ has for Argo CD and Flux, a file each; nothing if it was taken out. */
export const DEPLOYED: { file: string; objects: KubeObject[] }[] = existsSync(FOLDER)
  ? readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .sort()
      .map((name) => {
        const file = `${FOLDER}/${name}`;
        return { file, objects: parseManifests(readFileSync(file, 'utf8')) };
      })
  : [];
