import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.github/workflows');

export interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

export interface Job {
  /** A reusable workflow; such a job has no steps. */
  uses?: string;
  needs?: string | string[];
  if?: string;
  permissions?: Record<string, string>;
  'runs-on'?: string;
  'timeout-minutes'?: number;
  strategy?: { matrix: Record<string, unknown[]> };
  steps?: Step[];
}

export interface Workflow {
  /** Of the file, as in `ci.yaml`. */
  file: string;
  text: string;
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  concurrency?: { group: string };
  jobs: Record<string, Job>;
}

/** Every workflow of the repository. */
export function workflows(): Workflow[] {
  return readdirSync(FOLDER).map((file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    return { file, text, ...(parse(text) as Omit<Workflow, 'file' | 'text'>) };
  });
}

/** Every job with the place where it is, as in `ci.yaml: lint`. */
export function jobs(): { at: string; job: Job }[] {
  return workflows().flatMap(({ file, jobs: all }) =>
    Object.entries(all).map(([name, job]) => ({ at: `${file}: ${name}`, job })),
  );
}

/** Every step with the place where it is, as in `ci.yaml: lint, step 1`. */
export function steps(): { at: string; step: Step }[] {
  return jobs().flatMap(({ at, job }) =>
    (job.steps ?? []).map((step, index) => ({ at: `${at}, step ${index + 1}`, step })),
  );
}

/** The steps that are shell, without those that are actions. */
export function scripts(): { at: string; script: string }[] {
  return steps().flatMap(({ at, step: { run } }) => (run === undefined ? [] : [{ at, script: run }]));
}
