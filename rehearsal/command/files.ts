import { junit } from '../show/junit.ts';
import { markdown } from '../show/markdown.ts';
import { overview, page } from '../show/page.ts';
import { timelineSvg } from '../show/timeline.ts';
import type { Wanted } from './options.ts';
import type { Output } from './outputs.ts';
import { caseOf, type Run } from './verdicts.ts';

/**
 * The files that were asked for, in the order in which they matter: the JSON has everything.
 *
 * @param runs those that have ended; of none there is nothing to write
 */
export function outputsOf(
  { plans, compared, failOn, json, junit: report, ...others }: Wanted,
  runs: Run[],
): Output[] {
  const results = runs.flatMap(({ result }) => result ?? []);
  const [first, second] = results;
  const outputs: Output[] = [];
  const add = (flag: string, file: string | undefined, text: () => string) => {
    if (file !== undefined) outputs.push({ flag, file, text });
  };
  if (first !== undefined) {
    const one = plans.length === 1 && compared === undefined;
    add('--json', json, () => `${JSON.stringify(one ? first : results, undefined, 2)}\n`);
  }
  if (runs.length > 0) {
    const cases = runs.slice(0, plans.length).map((run) => caseOf(run, failOn)); // what one compares with is no test
    add('--junit', report, () => junit(cases));
    add('--markdown', others.markdown, () => markdown(cases));
  }
  if (first !== undefined) {
    add('--svg', others.svg, () => timelineSvg(first, { standalone: true }));
    add('--html', others.html, () => {
      if (plans.length > 1) return overview(results);
      return page(second === undefined ? [first] : [first, second]);
    });
  }
  return outputs;
}
