import { type Answers, OWN_ANSWERS, ownAnswers, type Origin, wordsOf, writeRecord } from './answers.ts';
import type { Folder } from './folder.ts';
import { type Leftovers, linesOf, listsOf, perform } from './steps.ts';

export const INIT_STEPS = 'scripts/template/init.steps';
export const LISTS_PAGE = 'docs/taking-out.md';

/**
 * Makes the project of the template in a folder: the steps of scripts/template/init.steps first, then the lists of
 * docs/taking-out.md that the answers name. Both are read in that folder, so every version of the template brings its own.
 *
 * @throws Error with the step that could not be taken, and why
 */
export function render(folder: Folder, answers: Answers, origin: Origin): Leftovers {
  const steps = linesOf(folder.read(INIT_STEPS));
  const lists = listsOf(folder.read(LISTS_PAGE));
  const own = ownAnswers(folder);
  const all: Answers = { ...own, ...answers };
  const chosen = Object.keys(lists).filter((name) => answers.without.includes(name));
  folder.delete(OWN_ANSWERS);
  const words = { words: wordsOf(all, origin), before: wordsOf(own, origin) };
  const first = perform(folder, steps, { ...words, mayBeDone: () => true });
  const rest = perform(
    folder,
    chosen.flatMap((name) => lists[name] ?? []),
    { mayBeDone: () => true },
  );
  writeRecord(folder, { template: origin, answers: { ...all, without: chosen } });
  return { commands: new Set([...first.commands, ...rest.commands]), lock: first.lock || rest.lock };
}
