// How cost grows: the lines of each plot, from the measures that were taken at several sizes.
import { type MeasureResult, type Results, valuesOf } from '../results.ts';

export interface Plot {
  /** Of its file. */
  name: string;
  title: string;
  x: string;
  y: string;
  lines: { title: string; points: Point[] }[];
}

export type Point = [x: number, y: number];

interface Growth extends Omit<Plot, 'lines'> {
  /** Names of its measures, before their size. */
  measures: string;
  /** Names of its rows, behind the name of the measure. */
  row: string;
  /** Whether its values are shown as parts of what the baseline has at the smallest size. */
  relative?: boolean;
}

const GROWTHS: Growth[] = [
  {
    name: 'drain',
    title: 'SIGTERM → exit, beyond the minimum idle',
    x: 'idle connections',
    y: 'ms',
    measures: 'idle-',
    row: '-exit',
  },
  {
    name: 'memory',
    title: 'Memory of all idle connections',
    x: 'idle connections',
    y: 'MB',
    measures: 'idle-',
    row: '-all',
  },
  {
    name: 'routes',
    title: 'Requests per second to the last of all routes',
    x: 'routes',
    y: 'of bare Express with the fewest',
    measures: 'routes-',
    row: '',
    relative: true,
  },
  {
    name: 'metrics',
    title: 'One read of /metrics',
    x: 'series',
    y: 'ms',
    measures: 'metrics-',
    row: '',
  },
];

/** Those of which there is something to see: lines need two points. */
export function plotsOf({ measures, titles }: Results): Plot[] {
  return GROWTHS.map(({ measures: prefix, row, relative, ...plot }) => {
    const sizes = measures
      .filter(({ name }) => name.startsWith(prefix))
      .map((measure) => ({ measure, size: Number(measure.name.slice(prefix.length)) }))
      .sort((a, b) => a.size - b.size);
    const smallest = sizes[0]?.measure;
    const unit = relative === true && smallest !== undefined ? value(smallest, row, smallest.baseline) : 1;
    const names = new Set(sizes.flatMap(({ measure }) => Object.keys(measure.samples)));
    const lines = [...names].map((name) => {
      const points = sizes.flatMap(({ measure, size }): Point[] => {
        return name in measure.samples ? [[size, value(measure, row, name) / unit]] : [];
      });
      return { title: titles[name] ?? name, points };
    });
    return { ...plot, lines: lines.filter(({ points }) => points.length > 1) };
  }).filter(({ lines }) => lines.length > 0);
}

function value(measure: MeasureResult, suffix: string, contestant: string): number {
  const row = measure.rows.find(({ name }) => name === `${measure.name}${suffix}`);
  if (row === undefined) throw new Error(`${measure.name} has no row ${suffix}`);
  return valuesOf(measure, row, contestant)?.median ?? NaN;
}
