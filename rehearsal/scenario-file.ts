import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { RehearsalError } from './errors.ts';
import { parseDuration } from './subject/durations.ts';

/** What can happen to the replicas: steps.ts does it. Numbers are replicas; of `wait` and `start-delay`, milliseconds. */
export type Step =
  | 'rollout'
  | 'ready'
  | { delete: number }
  | { scale: number }
  | { evict: number }
  | { crash: number }
  | { stuck: number }
  | { 'start-delay': number }
  | { wait: number };

/** A scenario of somebody's own. */
export interface OwnScenario {
  /** Of its file. */
  name: string;
  description: string;
  steps: Step[];
}

const WORDS = ['rollout', 'ready'];
const WITH_COUNT = ['delete', 'scale', 'evict', 'crash', 'stuck'];
const WITH_TIME = ['wait', 'start-delay'];
/** Of replicas, as on the command line. */
const MOST = 100;

/** Whether a scenario is named by its file. */
export function isFile(name: string): boolean {
  return /\.(?:ya?ml|json)$/.test(name);
}

/**
 * Reads a scenario: what it is, in words, and its steps one after the other.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` with every part that is wrong, and what was expected
 */
export function readScenario(file: string): OwnScenario {
  const wrong: string[] = [];
  let text: unknown;
  try {
    text = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    wrong.push((error as Error).message);
  }
  const { description = '', steps, ...others } = isRecord(text) ? text : {};
  const all = Array.isArray(steps) ? steps : [];
  if (wrong.length === 0) {
    if (typeof description !== 'string') wrong.push('description: expected a text');
    for (const name of Object.keys(others))
      wrong.push(`${name}: expected description and steps, nothing else`);
    if (all.length === 0) wrong.push('steps: expected a list of them');
  }
  const read = all.flatMap((step, i) => {
    const known = stepOf(step);
    if (typeof known === 'object' && 'problem' in known) wrong.push(`steps[${i}]: ${known.problem}`);
    else return [known];
    return [];
  });
  if (wrong.length > 0)
    throw new RehearsalError(
      'REHEARSAL_USAGE',
      `--scenario ${file}:\n${wrong.map((one) => `  ${one}`).join('\n')}`,
    );
  const name = basename(file).replace(/\.\w+$/, '');
  return { name, description: description as string, steps: read };
}

function stepOf(step: unknown): Step | { problem: string } {
  if (typeof step === 'string' && WORDS.includes(step)) return step as Step;
  const [[name, value] = ['', undefined], ...others] = isRecord(step) ? Object.entries(step) : [];
  const isCount = WITH_COUNT.includes(name);
  if (others.length > 0 || (!isCount && !WITH_TIME.includes(name))) {
    const every = [...WORDS, ...[...WITH_COUNT, ...WITH_TIME].map((one) => `${one}: …`)].join(', ');
    return { problem: `${JSON.stringify(step)}, expected one of ${every}` };
  }
  if (isCount) {
    const least = name === 'scale' ? 0 : 1;
    return Number.isInteger(value) && (value as number) >= least && (value as number) <= MOST
      ? ({ [name]: value } as Step)
      : { problem: `${name}: expected a number of replicas from ${least} to ${MOST}` };
  }
  const ms = parseDuration(String(value));
  return ms === undefined
    ? { problem: `${name}: expected a duration such as 250ms, 5s or 2m` }
    : ({ [name]: ms } as Step);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
