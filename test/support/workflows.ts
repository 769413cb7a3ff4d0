import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.github/workflows');
const ACTIONS = join(ROOT, '.github/actions');

export interface Step {
  id?: string;
  name?: string;
  if?: string;
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
  with?: Record<string, string>;
  outputs?: Record<string, string>;
  strategy?: { matrix: Record<string, unknown[]> };
  steps?: Step[];
}

/** An action of this repository: steps that several jobs share. */
export interface Action {
  /** Of its folder, as in `registry`. */
  name: string;
  text: string;
  runs: { using: string; steps: Step[] };
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

/** Every action of the repository: those of its workflows, and the rehearsal, which is for others. */
export function actions(): Action[] {
  const files = readdirSync(ACTIONS).map((name) => ({ name, file: join(ACTIONS, name, 'action.yml') }));
  const rehearsal = { name: 'rehearsal', file: join(ROOT, 'rehearsal/action.yml') };
  return [...files, ...(existsSync(rehearsal.file) ? [rehearsal] : [])].map(({ name, file }) => {
    const text = readFileSync(file, 'utf8');
    return { text, ...(parse(text) as Omit<Action, 'text'>), name };
  });
}

/** Every job with the place where it is, as in `ci.yaml: lint`. */
export function jobs(): { at: string; job: Job }[] {
  return workflows().flatMap(({ file, jobs: all }) =>
    Object.entries(all).map(([name, job]) => ({ at: `${file}: ${name}`, job })),
  );
}

/** Every step with the place where it is, as in `ci.yaml: lint, step 1` or `actions/build, step 1`. */
export function steps(): { at: string; step: Step }[] {
  const places = [
    ...jobs().map(({ at, job }) => ({ at, steps: job.steps ?? [] })),
    ...actions().map(({ name, runs }) => ({ at: `actions/${name}`, steps: runs.steps })),
  ];
  return places.flatMap(({ at, steps: all }) =>
    all.map((step, index) => ({ at: `${at}, step ${index + 1}`, step })),
  );
}

/** The steps that are shell, without those that are actions. */
export function scripts(): { at: string; script: string }[] {
  return steps().flatMap(({ at, step: { run } }) => (run === undefined ? [] : [{ at, script: run }]));
}
