#!/usr/bin/env node
import { CommanderError } from 'commander';
import { RehearsalError } from '../errors.ts';
import type { Observer } from '../observer.ts';
import type { Plan } from '../plan.ts';
import { rehearse } from '../rehearse.ts';
import { progressDisplay } from '../show/progress.ts';
import { comparison, summary } from '../show/table.ts';
import { searchSummary } from '../show/window-table.ts';
import { findWindow } from '../window-search.ts';
import { outputsOf } from './files.ts';
import { NAME } from './flags.ts';
import { readOptions, type Wanted } from './options.ts';
import { writeAll } from './outputs.ts';
import { caseOf, EXIT, type Run, worst } from './verdicts.ts';

/** What a shell says of such an end. */
const EXIT_OF = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const DEFAULT_COLUMNS = 100;
/** Sooner, a repeated signal is the same wish: npm passes on the Ctrl-C that the terminal has sent already. */
const IMPATIENT_AFTER_MS = 1000;

class Interruption extends Error {
  readonly signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM';

  constructor(signal: Interruption['signal']) {
    super(`ended with ${signal}`);
    this.signal = signal;
  }
}

const interrupted = new AbortController();
for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  let firstMs: number | undefined;
  process.on(name, () => {
    firstMs ??= performance.now();
    interrupted.abort(new Interruption(name));
    // Nothing stays behind even so: the reaper outlives this process.
    if (performance.now() - firstMs > IMPATIENT_AFTER_MS) process.exit(EXIT_OF[name]);
  });
}
// The reader has gone, `| head` or a terminal that was closed: that is no reason to lose the other results.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
// Without this, Node's exit code for it would say that requests were lost.
process.on('uncaughtException', (error) => {
  say(error.stack ?? error.message);
  process.exit(EXIT.error);
});
process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const wanted = await readOptions(argv, process.env);
    for (const sentence of wanted.left) say(`Note: ${sentence}`);
    return await (wanted.findWindow ? search(wanted) : run(wanted));
  } catch (error) {
    if (error instanceof CommanderError) return EXIT.passed; // --help has been printed
    const { reason } = interrupted.signal as { reason: unknown };
    if (reason instanceof Interruption) return EXIT_OF[reason.signal];
    if (!(error instanceof RehearsalError)) throw error; // a mistake of ours
    const hint = error.code === 'REHEARSAL_USAGE' ? `\n${NAME} --help lists the options.` : '';
    process.stderr.write(`${error.message}${hint}\n`);
    return EXIT.error;
  }
}

async function run(wanted: Wanted): Promise<number> {
  const { plans, compared, json } = wanted;
  const runs: Run[] = [];
  const unwritten: string[] = [];
  try {
    for (const plan of plans) {
      const ended = await attempt(plan);
      runs.push(ended);
      if (compared === undefined && ended.result !== undefined) print(summary(ended.result, screen()), json);
    }
    const [first] = runs;
    if (compared !== undefined && first?.result !== undefined) {
      const other = await attempt(compared);
      runs.push(other);
      if (other.result !== undefined) print(comparison(first.result, other.result, screen()), json);
    }
  } finally {
    // Also of a series that was ended, and by whatever: what is known by then is kept.
    unwritten.push(...writeAll(outputsOf(wanted, runs)));
    for (const sentence of unwritten) say(sentence);
  }
  // What one compares with may lose what it likes.
  const statuses = runs
    .map((ended) => caseOf(ended, wanted.failOn))
    .map(({ status }, i) => (i < plans.length || status === 'error' ? status : 'passed'));
  return EXIT[worst([...statuses, ...(unwritten.length > 0 ? ['error' as const] : [])])];
}

/** One rehearsal. That it could not be run is no reason not to run the next; that it was asked for wrongly is one. */
async function attempt(plan: Plan): Promise<Run> {
  try {
    const result = await watched(async (display) => rehearse(plan, display, interrupted.signal));
    return { plan, result };
  } catch (error) {
    if (!(error instanceof RehearsalError) || error.code === 'REHEARSAL_USAGE') throw error;
    say(error.message);
    return { plan, problem: error.message };
  }
}

async function search({ plans: [plan], json }: Wanted): Promise<number> {
  if (plan === undefined) throw new Error('no scenario');
  const found = await watched(async (display) => findWindow(plan, display, interrupted.signal));
  print(searchSummary(found), json);
  if (json === undefined) return EXIT.passed;
  const text = () => `${JSON.stringify(found, undefined, 2)}\n`;
  const unwritten = writeAll([{ flag: '--json', file: json, text }]);
  for (const sentence of unwritten) say(sentence);
  return unwritten.length > 0 ? EXIT.error : EXIT.passed;
}

/** With a display for as long as it takes. */
async function watched<T>(work: (display: Observer) => Promise<T>): Promise<T> {
  const display = progressDisplay(process.stderr);
  return work(display).finally(() => display.stop());
}

/** For people; out of the way of the result when that is what the standard output is for. */
function print(text: string, json: string | undefined): void {
  if (json === '-') say(text);
  else process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function screen(): { colour: boolean; columns: number } {
  const { isTTY, columns } = process.stdout;
  return { colour: isTTY && process.env['NO_COLOR'] === undefined, columns: columns || DEFAULT_COLUMNS };
}
