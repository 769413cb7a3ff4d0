// The results on a terminal.
import { type MeasureResult, ratiosOf, type Results, type Row, valuesOf } from '../results.ts';
import { inWords } from './numbers.ts';

const TITLE_WIDTH = 24;
const RATIO_WIDTH = 22;

/** Each row of a measure with a line for each contestant: its ratio, and the values that it is made of. */
export function table(measure: MeasureResult, titles: Results['titles']): string {
  return measure.rows.map((row) => block(measure, row, titles)).join('\n');
}

function block(measure: MeasureResult, row: Row, titles: Results['titles']): string {
  const lines = Object.keys(measure.samples).map((name) => {
    const title = (titles[name] ?? name).padEnd(TITLE_WIDTH);
    const ratio = inWords(ratiosOf(measure, row, name)).padEnd(RATIO_WIDTH);
    return `  ${title} ${ratio} ${inWords(valuesOf(measure, row, name))} ${row.unit}`;
  });
  const goal = row.goal === undefined ? '' : `; goal: ${row.goal}`;
  return `${row.title} (${row.better} is better${goal})\n${lines.join('\n')}\n`;
}
