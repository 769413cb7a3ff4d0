// The command line of `npm run bench`.
import { parseArgs } from 'node:util';

export interface Options {
  /** Measures by name; all that there are if it is empty. */
  only: string[];
  rounds: number;
  /** Moments in place of seconds: to see whether it runs, not for numbers. */
  quick: boolean;
  /** Contestants by name; all that can be started if it is empty. */
  against: string[];
  /** Where the results go, beside the terminal. */
  out: string | undefined;
  /** Measures nothing: writes the page and its plots from the results that there are. */
  page: boolean;
}

export const USAGE = `npm run bench -- [options]
  --only NAMES      these measures, by name and separated by commas; their names: --list
  --against NAMES   these contestants beside bare Express, and the measures' own baseline
  --rounds N        1 to 99, 7 if it is not said
  --quick           one short round: to see whether it runs, not for numbers
  --out FILE        writes the results there; without it only a run of everything writes bench/results.json
  --page            measures nothing, writes docs/performance.md and its plots from bench/results.json
  --list            the names of measures and contestants`;

/** What the command line says that nobody can do. */
export class UsageError extends Error {}

const ROUNDS = 7;
const MOST_ROUNDS = 99;

/**
 * @param names of what may be chosen
 * @throws UsageError if there is an unknown option, name or number
 */
export function readOptions(
  args: string[],
  names: { measures: string[]; contestants: string[] },
): Options & { list: boolean } {
  const values = parse(args);
  const quick = values.quick ?? false;
  return {
    only: known('--only', values.only, names.measures),
    against: known('--against', values.against, names.contestants),
    rounds: rounds(values.rounds) ?? (quick ? 1 : ROUNDS),
    quick,
    out: values.out,
    page: values.page ?? false,
    list: values.list ?? false,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        against: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        out: { type: 'string' },
        page: { type: 'boolean' },
        list: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function known(option: string, given: string[] = [], names: string[]): string[] {
  const chosen = given.flatMap((list) => list.split(',').filter((name) => name !== ''));
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`${option}: ${unknown.join(', ')} is not one of ${names.join(', ')}`);
  }
  return chosen;
}

function rounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_ROUNDS) return number;
  throw new UsageError(`--rounds: ${text} is not a whole number from 1 to ${MOST_ROUNDS}`);
}
