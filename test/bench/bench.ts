// What the guarantees cost, as ratios to bare Express within one run: `npm run bench`. docs/performance.md has the results.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { argv, exit, platform, stderr, stdout } from 'node:process';
import { type Contestant } from './contestants.ts';
import { takeCores } from './cores.ts';
import { ceilingOf, pickGenerator } from './load/generator.ts';
import { machine, versions } from './machine.ts';
import { groupOf, type Measure } from './measure.ts';
import { MEASURES } from './measures/measures.ts';
import { type Options, readOptions, USAGE, UsageError } from './options.ts';
import { type Need, obstacleTo } from './peers.ts';
import { writePage } from './report/page.ts';
import { table } from './report/table.ts';
import type { Results } from './results.ts';
import { runMeasure } from './run.ts';
import { startTarget } from './target.ts';

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;
const RESULTS = 'bench/results.json';

const CONTESTANTS = new Map(MEASURES.flatMap(({ contestants }) => contestants.map((one) => [one.name, one])));
const NAMES = { measures: [...new Set(MEASURES.map(groupOf))], contestants: [...CONTESTANTS.keys()] };

const options = optionsOrExit();
if (options.list) {
  stdout.write(`measures: ${NAMES.measures.join(', ')}\ncontestants: ${NAMES.contestants.join(', ')}\n`);
} else if (options.page) {
  await writePage(JSON.parse(readFileSync(RESULTS, 'utf8')) as Results);
} else {
  await bench(options);
}

async function bench({ only, against, out, rounds, quick }: Options): Promise<void> {
  const chosen = MEASURES.filter((measure) => only.length === 0 || only.includes(groupOf(measure)));
  const isChosen = (measure: Measure, { name }: Contestant) =>
    against.length === 0 || [measure.baseline, 'service', ...against].includes(name);
  const leftOut = obstacles(
    chosen.flatMap((measure) => measure.contestants.filter((one) => isChosen(measure, one))),
  );

  const cores = takeCores();
  const generator = pickGenerator();
  const target = await startTarget();
  const ceiling = await ceilingOf(generator, cores.server);
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(cores.inWords),
    versions: versions(),
    generator: { name: generator.name, ceiling },
    rounds,
    leftOut,
    titles: Object.fromEntries([...CONTESTANTS.values()].map(({ name, title }) => [name, title])),
    measures: [],
  };
  stdout.write(`${preamble(results)}\n\n`);

  for (const measure of chosen) {
    const obstacle = measure.obstacle?.();
    if (obstacle !== undefined) {
      leftOut[measure.name] = obstacle;
      stdout.write(`LEFT OUT: ${measure.name}: ${obstacle}\n\n`);
      continue;
    }
    const result = await runMeasure(measure, {
      generator,
      quick,
      rounds,
      target,
      pinned: cores.server,
      takesPart: (one) => isChosen(measure, one) && !(one.name in leftOut),
      say,
      onFailure: (name, error) => {
        const { message } = error as Error;
        leftOut[`${measure.name}: ${name}`] = message;
        stdout.write(`FAILED: ${measure.name}: ${name}: ${message}\n`);
        process.exitCode = 1;
      },
    });
    say('');
    results.measures.push(result);
    stdout.write(`${table(result, results.titles)}\n`);
  }

  const complete = only.length === 0 && against.length === 0 && !quick;
  const file = out ?? (complete ? RESULTS : undefined);
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  }
  if (file === RESULTS) await writePage(results);
}

/** Who can't take part, and why: said at once, because a table does not show who is not in it. */
function obstacles(contestants: Contestant[]): Record<string, string> {
  const needs = [...new Set(contestants.map(({ needs }) => needs))].filter((need) => need !== undefined);
  const missing = new Map<Need | undefined, string | undefined>(
    needs.map((need) => [need, obstacleTo(need)]),
  );
  const leftOut: Record<string, string> = {};
  for (const { name, needs: need } of contestants) {
    const obstacle = missing.get(need);
    if (obstacle === undefined || name in leftOut) continue;
    leftOut[name] = obstacle;
    stdout.write(`LEFT OUT: ${name}: ${obstacle}\n`);
  }
  return leftOut;
}

function preamble({ generator, machine: { pinning }, versions: { node } }: Results): string {
  const { answers = NaN, seconds = NaN } = generator.ceiling;
  const most = Math.round(answers / seconds).toLocaleString('en');
  return `Node ${node}, ${pinning}\nload: ${generator.name}, which gets ${most} requests/s from a server that reads nothing`;
}

function say(text: string): void {
  if (stderr.isTTY) stderr.write(`\r\x1b[K${text}`);
}

function optionsOrExit() {
  try {
    if (platform !== 'linux') throw new UsageError('The bench reads /proc, which only Linux has.');
    return readOptions(argv.slice(2), NAMES);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n\n${USAGE}\n`);
    exit(EXIT_USAGE);
  }
}
