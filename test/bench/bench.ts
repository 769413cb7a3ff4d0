// What the guarantees cost, as ratios to bare Express within one run: `npm run bench`. docs/performance.md has the results.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { argv, exit, stderr, stdout } from 'node:process';
import { takeCores } from './cores.ts';
import { generator as loadGenerator } from './load/load.ts';
import { MEASURES } from './measures/measures.ts';
import { readOptions, USAGE, UsageError } from './options.ts';
import { table } from './report/table.ts';
import type { MeasureResult } from './results.ts';
import { runMeasure } from './run.ts';

const contestants = new Map(MEASURES.flatMap(({ contestants }) => contestants.map((one) => [one.name, one])));
const titles = Object.fromEntries([...contestants.values()].map(({ name, title }) => [name, title]));
const options = optionsOrExit();
const cores = takeCores();
const generator = loadGenerator();
stdout.write(`load by ${generator.name}; ${cores.inWords}\n\n`);

const results: MeasureResult[] = [];
for (const measure of MEASURES) {
  if (options.only.length > 0 && !options.only.includes(measure.name)) continue;
  const result = await runMeasure(measure, {
    ...options,
    generator,
    pinned: cores.server,
    takesPart: ({ name }) =>
      options.against.length === 0 || [measure.baseline, 'service', ...options.against].includes(name),
    say: (text) => stderr.isTTY && stderr.write(`\r\x1b[K${text}`),
  });
  if (stderr.isTTY) stderr.write('\r\x1b[K');
  stdout.write(`${table({ measures: [result], titles })}\n`);
  results.push(result);
}
if (options.out !== undefined) {
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`);
}

function optionsOrExit() {
  try {
    const read = readOptions(argv.slice(2), {
      measures: MEASURES.map(({ name }) => name),
      contestants: [...contestants.keys()],
    });
    return read;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n\n${USAGE}\n`);
    exit(64);
  }
}
