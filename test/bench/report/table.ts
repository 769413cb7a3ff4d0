// The results on a terminal.
import { type MeasureResult, ratiosOf, type Results, type Row, type Spread, valuesOf } from '../results.ts';

/** A line for each row and contestant: its ratio with the spread over the rounds, and the values that it is made of. */
export function table({ measures, titles }: Pick<Results, 'measures' | 'titles'>): string {
  return measures.flatMap((measure) => measure.rows.map((row) => block(measure, row, titles))).join('\n');
}

function block(measure: MeasureResult, row: Row, titles: Results['titles']): string {
  const lines = Object.keys(measure.samples).map((name) => {
    const values = valuesOf(measure, row, name);
    const ratios = ratiosOf(measure, row, name);
    const title = (titles[name] ?? name).padEnd(28);
    return `  ${title} ${inWords(ratios).padEnd(24)} ${inWords(values)} ${row.unit}`;
  });
  const goal = row.goal === undefined ? '' : `, goal ${row.goal}`;
  return `${row.title} (${row.better} is better${goal})\n${lines.join('\n')}\n`;
}

function inWords(spread: Spread | undefined): string {
  if (spread === undefined) return '-';
  const { median, low, high } = spread;
  return low === high ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`;
}

/** Three digits that count. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 3));
}
