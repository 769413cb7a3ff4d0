import { readFileSync } from 'node:fs';
import { formatWritten } from '../../scripts/template/finish.ts';
import { halves, listsOf, perform } from '../../scripts/template/steps.ts';
import type { Copy } from './copy.ts';

/** The lists of docs/taking-out.md by their names, a step on each line. */
export const LISTS = listsOf(readFileSync('docs/taking-out.md', 'utf8'));

/** The packages of a copy are those of the repository: they stay where they are. */
const LOCK = ['install', '--package-lock-only', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];

/**
 * Takes the steps of lists, in their order.
 *
 * @throws Error if a step says what can't be done, or has nothing to do and no list before has the same step
 */
export async function takeOut(copy: Copy, names: string[]): Promise<void> {
  const taken = new Set<string>();
  const commands = new Set<string>();
  let lock = false;
  for (const name of names) {
    const steps = LISTS[name] ?? [];
    const left = perform(copy, steps, { mayBeDone: (step) => taken.has(step) });
    for (const step of steps) taken.add(step);
    for (const command of left.commands) commands.add(command);
    lock ||= left.lock;
  }
  if (lock) refuse(copy.complaintsOf('npm', ...LOCK));
  for (const command of commands) refuse(copy.complaintsOf('sh', '-c', command));
  await formatWritten(copy);
}

function refuse(complaints: string): void {
  if (complaints !== '') throw new Error(complaints);
}

/** Packages that a list removes. */
export function uninstalledBy(name: string): string[] {
  return (LISTS[name] ?? []).filter((line) => line.startsWith('uninstall ')).map((line) => halves(line)[1]);
}

/** Paths of values that the chart does not have after a list. */
export function valuesDroppedBy(name: string): string[] {
  const lines = (LISTS[name] ?? []).filter((line) => line.startsWith('drop helm/values.yaml '));
  return lines.map((line) => line.slice(line.lastIndexOf(' ') + 1));
}
