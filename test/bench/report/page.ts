// docs/performance.md and its plots, from what was counted.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import {
  BUSY,
  type Family,
  type MeasureResult,
  ratiosOf,
  type Results,
  type Row,
  type Spread,
  valuesOf,
} from '../results.ts';
import { digits, inWords } from './numbers.ts';
import { type Plot, plotsOf } from './plots.ts';
import { svgOf } from './svg.ts';

export const PAGE = 'docs/performance.md';
export const PLOTS = 'docs/performance';
const [START, END] = ['<!-- results:start, written by `npm run bench` -->', '<!-- results:end -->'];
const SERVICE = 'service';
const LEAST_BUSY = 0.9;

type Line = [MeasureResult, Row];

export async function writePage(results: Results): Promise<void> {
  writeFileSync(PAGE, await pageOf(results, readFileSync(PAGE, 'utf8')));
  mkdirSync(PLOTS, { recursive: true });
  for (const plot of plotsOf(results)) writeFileSync(`${PLOTS}/${plot.name}.svg`, svgOf(plot));
}

/** The page with these results in place of those that it has. */
export async function pageOf(results: Results, page: string): Promise<string> {
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  if (start === -1 || end === -1) throw new Error(`${PAGE} has no place for the results`);
  const whole = `${page.slice(0, start)}${START}\n\n${block(results)}\n\n${page.slice(end)}`;
  return format(whole, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

function block(results: Results): string {
  const sections = [
    conditions(results),
    leftOut(results),
    notTheLimit(results),
    table(results, 'service', 'ratio', 'Ratios to bare Express in the same round'),
    table(results, 'service', 'value', 'Where a ratio would say little'),
    table(results, 'gateway', 'ratio', 'Gateways, to bare Express that answers by itself'),
    table(results, 'gateway', 'value', 'Gateways, where a ratio would say little'),
    table(results, 'tracing', 'ratio', 'Tracing, to this service without it'),
    table(results, 'overload', 'value', 'Three times as many requests as can be answered'),
    ...plotsOf(results).map(image),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function conditions({ date, machine, versions, generator, rounds }: Results): string {
  const memory = Math.round(machine.memoryBytes / 2 ** 30);
  const { answers = NaN, seconds = NaN } = generator.ceiling;
  const ceiling = Math.round(answers / seconds).toLocaleString('en');
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version.replace(/^v/, '')}`);
  return [
    `- ${date}: ${machine.cpu}, ${machine.cores} cores, ${memory} GiB, Linux ${machine.kernel}; ${machine.pinning}`,
    `- ${used.join(', ')}`,
    `- load: ${generator.name}, which gets ${ceiling} requests/s from a server that reads nothing: what comes near is limited by that`,
    `- up to ${rounds} rounds: the median, and from where to where they went`,
  ].join('\n');
}

function leftOut({ leftOut: missing }: Results): string {
  const lines = Object.entries(missing).map(([name, why]) => `- ${name}: ${why.replace(/\s+/g, ' ').trim()}`);
  return lines.length === 0 ? '' : `**Left out:**\n\n${lines.join('\n')}`;
}

/** Where a server had time left: it could have done more than the load has asked of it. */
function notTheLimit({ measures, titles }: Results): string {
  const found = measures.flatMap((measure) => {
    return Object.keys(measure.samples).flatMap((name) => {
      if (measure.samples[name]?.[0]?.[BUSY.of] === undefined) return [];
      const busy = valuesOf(measure, { formula: BUSY }, name)?.median ?? NaN;
      return busy < LEAST_BUSY ? [`${titles[name] ?? name} in \`${measure.name}\` (${digits(busy)})`] : [];
    });
  });
  if (found.length === 0) return '';
  return `**Not at their limit**, by the part of their core that they used, ${found.join(', ')}: the load, or something else on the machine, was.`;
}

/** A row for each of the family that is shown this way, a column for each who is in one of them. */
function table(results: Results, family: Family, shown: Row['shown'], caption: string): string {
  const lines = results.measures
    .filter((measure) => measure.family === family)
    .flatMap((measure) => measure.rows.map((row): Line => [measure, row]))
    .filter(([, row]) => row.shown === shown && row.aside !== true);
  if (lines.length === 0) return '';
  const taking = new Set(lines.flatMap(([measure]) => Object.keys(measure.samples)));
  // It comes first; and that the baseline is 1 of itself needs no column.
  const others = [...taking].filter(
    (name) => name !== SERVICE && (shown === 'value' || !isBaseline(lines, name)),
  );
  const columns = [SERVICE, ...others];
  const head = ['', 'goal', ...columns.map((name) => results.titles[name] ?? name)];
  const rows = lines.map(([measure, row]) => [
    shown === 'value' ? `${row.title}, ${row.unit}` : row.title,
    row.goal ?? '',
    ...columns.map((name) => inWords(cell(measure, row, name))),
  ]);
  const text = [head, head.map(() => '-'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `### ${caption}\n\n${text.join('\n')}`;
}

function isBaseline(lines: Line[], name: string): boolean {
  return lines.every(([measure]) => measure.baseline === name);
}

function cell(measure: MeasureResult, row: Row, name: string): Spread | undefined {
  return row.shown === 'ratio' ? ratiosOf(measure, row, name) : valuesOf(measure, row, name);
}

function image({ name, title }: Plot): string {
  return `![${title}](performance/${name}.svg)`;
}
