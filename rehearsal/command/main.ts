#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { RehearsalError } from '../errors.ts';
import type { Observer } from '../observer.ts';
import type { Plan } from '../plan.ts';
import { rehearse } from '../rehearse.ts';
import { page } from '../show/page.ts';
import { progressDisplay } from '../show/progress.ts';
import { comparison, summary } from '../show/table.ts';
import { timelineSvg } from '../show/timeline.ts';
import { searchSummary } from '../show/window-table.ts';
import type { Result } from '../verdict/result.ts';
import { findWindow } from '../window-search.ts';
import { NAME } from './flags.ts';
import { readOptions, type Wanted } from './options.ts';

/** The answer of the command to whoever called it; those of signals are what a shell says of such an end. */
const EXIT = {
  nothingLost: 0,
  somethingLost: 1,
  inconclusive: 2,
  notRun: 2,
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
};
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
    if (performance.now() - firstMs > IMPATIENT_AFTER_MS) process.exit(EXIT[name]);
  });
}
// The reader has gone, `| head` or a terminal that was closed: that is no reason to lose the other results.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
// Without this, Node's exit code for it would say that requests were lost.
process.on('uncaughtException', (error) => {
  say(error.stack ?? error.message);
  process.exit(EXIT.notRun);
});
process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const wanted = await readOptions(argv, process.env);
    for (const sentence of wanted.left) say(`Note: ${sentence}`);
    return await (wanted.findWindow ? search(wanted) : run(wanted));
  } catch (error) {
    if (error instanceof CommanderError) return EXIT.nothingLost; // --help has been printed
    const { reason } = interrupted.signal as { reason: unknown };
    if (reason instanceof Interruption) return EXIT[reason.signal];
    if (!(error instanceof RehearsalError)) throw error; // a mistake of ours
    const hint = error.code === 'REHEARSAL_USAGE' ? `\n${NAME} --help lists the options.` : '';
    process.stderr.write(`${error.message}${hint}\n`);
    return EXIT.notRun;
  }
}

async function run({ plans, compared, html, svg, json }: Wanted): Promise<number> {
  const rehearsed = async (plan: Plan) =>
    watched(async (display) => rehearse(plan, display, interrupted.signal));
  const results: Result[] = [];
  for (const plan of plans) {
    const result = await rehearsed(plan);
    results.push(result);
    if (compared === undefined) print(summary(result, screen()), json);
  }
  const [first] = results;
  if (first === undefined) throw new Error('no scenario'); // the options always name one
  const other = compared === undefined ? undefined : await rehearsed(compared);
  if (other !== undefined) print(comparison(first, other, screen()), json);

  const all = other === undefined ? results : [first, other];
  if (html !== undefined) writeFileSync(html, page(other === undefined ? [first] : [first, other]));
  if (svg !== undefined) writeFileSync(svg, timelineSvg(first, { standalone: true }));
  write(json, all.length === 1 ? first : all);
  return exitOf(results);
}

/** A loss is one, whatever the others say. */
function exitOf(results: Result[]): number {
  const verdicts = new Set(results.map(({ verdict }) => verdict));
  if (verdicts.has('lost')) return EXIT.somethingLost;
  return verdicts.has('inconclusive') ? EXIT.inconclusive : EXIT.nothingLost;
}

async function search({ plans: [plan], json }: Wanted): Promise<number> {
  if (plan === undefined) throw new Error('no scenario');
  const found = await watched(async (display) => findWindow(plan, display, interrupted.signal));
  print(searchSummary(found), json);
  write(json, found);
  return EXIT.nothingLost;
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

function write(json: string | undefined, result: unknown): void {
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else if (json !== undefined) writeFileSync(json, text);
}

function screen(): { colour: boolean; columns: number } {
  const { isTTY, columns } = process.stdout;
  return { colour: isTTY && process.env['NO_COLOR'] === undefined, columns: columns || DEFAULT_COLUMNS };
}
