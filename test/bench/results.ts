// What was counted, and what is computed from it: every number of the table, the page and its plots comes from here, and
// from nothing but the counts that are in bench/results.json.

/** What one sample has counted: seconds, bytes, answers. */
export type Counts = Record<string, number>;

/** (`of` − `less`) / `per`, each the name of a count; and how it is shown. */
export interface Formula {
  of: string;
  less?: string;
  per?: string;
  /** What the quotient is multiplied by for its unit. */
  times?: number;
}

/** The part of its core that a server used under load: where that is well below 1, something else was the limit. */
export const BUSY: Formula = { of: 'cpuSeconds', per: 'seconds' };

export interface Row {
  name: string;
  title: string;
  formula: Formula;
  unit: string;
  better: 'more' | 'less';
  /** In words, as the ratio or the value that is aimed at. */
  goal?: string;
  /** Whether it is shown as a ratio to the baseline or, if that would say nothing, as it is. */
  shown: 'ratio' | 'value';
  /** The contestant that its ratios are to, if it is another than the baseline of the measure. */
  to?: string;
  /** Only on the terminal. */
  aside?: boolean;
}

/** Which table it belongs to: that of services, of gateways, of tracing, of overload, or none: it is a point of a plot. */
export type Family = 'service' | 'gateway' | 'tracing' | 'overload' | 'growth';

export interface MeasureResult {
  name: string;
  family: Family;
  /** The contestant that ratios are to. */
  baseline: string;
  rows: Row[];
  /** By contestant, one sample for each round. */
  samples: Record<string, Counts[]>;
}

export interface Results {
  date: string;
  machine: { cpu: string; cores: number; memoryBytes: number; kernel: string; pinning: string };
  versions: Record<string, string>;
  /** Whatever asks, and how often it can. */
  generator: { name: string; ceiling: Counts };
  rounds: number;
  /** Who is not in it, and why. */
  leftOut: Record<string, string>;
  titles: Record<string, string>;
  measures: MeasureResult[];
}

export interface Spread {
  median: number;
  low: number;
  high: number;
}

export function valueOf({ of, less, per, times = 1 }: Formula, counts: Counts): number {
  const minuend = count(counts, of);
  const difference = less === undefined ? minuend : minuend - count(counts, less);
  return (times * difference) / (per === undefined ? 1 : count(counts, per));
}

/** Over the rounds. */
export function valuesOf(
  measure: MeasureResult,
  { formula }: Pick<Row, 'formula'>,
  contestant: string,
): Spread | undefined {
  return spread((measure.samples[contestant] ?? []).map((counts) => valueOf(formula, counts)));
}

/** To the baseline of the same round, over the rounds. */
export function ratiosOf(measure: MeasureResult, row: Row, contestant: string): Spread | undefined {
  const base = measure.samples[row.to ?? measure.baseline] ?? [];
  const own = measure.samples[contestant] ?? [];
  return spread(
    own.flatMap((counts, round) => {
      const other = base[round];
      return other === undefined ? [] : [valueOf(row.formula, counts) / valueOf(row.formula, other)];
    }),
  );
}

function spread(values: number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  return { median: median(sorted), low, high };
}

function median(sorted: number[]): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

function count(counts: Counts, name: string): number {
  const value = counts[name];
  if (value === undefined) throw new Error(`${name} was not counted: ${Object.keys(counts).join(', ')}`);
  return value;
}
