import { readFileSync } from 'node:fs';
import { finish } from '../../scripts/template/finish.ts';
import { halves, listsOf, perform } from '../../scripts/template/steps.ts';
import type { Copy } from './copy.ts';
import { ROOT } from './workflows.ts';

/** The lists of docs/taking-out.md by their names, a step on each line. */
export const LISTS = listsOf(readFileSync('docs/taking-out.md', 'utf8'));

/**
 * Takes the steps of lists, in their order; one that several have, once.
 *
 * @throws Error if a step says what can't be done, or has nothing to do
 */
export async function takeOut(copy: Copy, names: string[]): Promise<void> {
  const steps = new Set(names.flatMap((name) => LISTS[name] ?? []));
  await finish(copy, perform(copy, [...steps]), ROOT);
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
