import {
  type Answers,
  OWN_ANSWERS,
  ownAnswers,
  type Origin,
  RECORD,
  type TemplateRecord,
  wordsOf,
} from './answers.ts';
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
  const left = perform(folder, [...steps, ...chosen.flatMap((name) => lists[name] ?? [])], {
    words: wordsOf(all, origin),
    before: wordsOf(own, origin),
    lenient: true,
  });
  folder.writeJson(RECORD, {
    template: origin,
    answers: { ...all, without: chosen },
  } satisfies TemplateRecord);
  return left;
}
