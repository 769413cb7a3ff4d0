import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { RehearsalError } from './errors.ts';
import { readOptions, type Wanted } from './options.ts';
import { page } from './show/page.ts';
import type { Plan } from './plan.ts';
import { progressDisplay } from './show/progress.ts';
import { rehearse } from './rehearse.ts';
import type { Result } from './result.ts';
import { comparison, summary } from './show/table.ts';
import { findWindow } from './window-search.ts';
import { timelineSvg } from './show/timeline.ts';
import { searchSummary } from './show/window-table.ts';

/** The answer of the command to whoever called it; 130 and 143 are those of a shell whose command got a signal. */
const EXIT = { nothingLost: 0, somethingLost: 1, notRun: 2, SIGINT: 130, SIGTERM: 143 };
const DEFAULT_COLUMNS = 100;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Repeated ones are the same wish: npm passes on the Ctrl-C that the terminal has sent already.
  process.on(name, () => interrupted.abort(new Error(name)));
}
process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const wanted = await readOptions(argv, process.env);
    for (const sentence of wanted.left) say(`Note: ${sentence}`);
    return await (wanted.findWindow ? search(wanted) : run(wanted));
  } catch (error) {
    if (error instanceof CommanderError) return EXIT.nothingLost; // --help has been printed
    const { reason } = interrupted.signal as { reason: unknown };
    if (interrupted.signal.aborted)
      return (reason as Error).message === 'SIGINT' ? EXIT.SIGINT : EXIT.SIGTERM;
    if (!(error instanceof RehearsalError)) throw error;
    const hint = error.code === 'REHEARSAL_USAGE' ? '\nnpm run rehearse -- --help lists the options.' : '';
    process.stderr.write(`${error.message}${hint}\n`);
    return EXIT.notRun;
  }
}

async function run({ plans, compared, html, svg, json }: Wanted): Promise<number> {
  const results: Result[] = [];
  for (const plan of plans) {
    const result = await watched(plan);
    results.push(result);
    if (compared === undefined) print(summary(result, screen()), json);
  }
  const [first] = results;
  if (first === undefined) throw new Error('no scenario'); // the options always name one
  const other = compared === undefined ? undefined : await watched(compared);
  if (other !== undefined) print(comparison(first, other, screen()), json);

  const all = other === undefined ? results : [first, other];
  if (html !== undefined) writeFileSync(html, page(other === undefined ? [first] : [first, other]));
  if (svg !== undefined) writeFileSync(svg, timelineSvg(first, { standalone: true }));
  write(json, all.length === 1 ? first : all);
  return results.some(({ requests }) => requests.lost > 0) ? EXIT.somethingLost : EXIT.nothingLost;
}

async function search({ plans: [plan], json }: Wanted): Promise<number> {
  if (plan === undefined) throw new Error('no scenario');
  const display = progressDisplay(process.stderr);
  const found = await findWindow(plan, display, interrupted.signal).finally(() => display.stop());
  print(searchSummary(found), json);
  write(json, found);
  return EXIT.nothingLost;
}

async function watched(plan: Plan): Promise<Result> {
  const display = progressDisplay(process.stderr);
  return rehearse(plan, display, interrupted.signal).finally(() => display.stop());
}

/** For people; out of the way of the result when that is what the standard output is for. */
function print(text: string, json: string | undefined): void {
  if (json === '-') say(text);
  else process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function write(json: string | undefined, result: unknown): void {
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) writeFileSync(json, text);
}

function screen(): { colour: boolean; columns: number } {
  const { isTTY, columns } = process.stdout;
  return { colour: isTTY && process.env['NO_COLOR'] === undefined, columns: columns || DEFAULT_COLUMNS };
}
