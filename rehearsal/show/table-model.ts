import { count, duration, NONE } from '../verdict/format.ts';

/** The numbers of a rehearsal as tables, for whoever draws them: the terminal and the page. */
export interface Table {
  title: string;
  note?: string;
  columns: { head: string; align: 'left' | 'right'; detail: boolean }[];
  rows: Cell[][];
}

export interface Cell {
  text: string;
  tone?: 'good' | 'bad' | 'quiet';
}

export interface Column<Row> {
  head: string;
  /** Right, if not said. */
  align?: 'left';
  /** Left out where there is little room. */
  detail?: true;
  cell: (row: Row) => Cell | string | undefined;
}

/** Columns that have nothing to say in any row are left out; the first one names the row. */
export function table<Row>(title: string, columns: Column<Row>[], rows: Row[], note?: string): Table {
  const filled = columns.filter(({ cell }, i) => i === 0 || rows.some((row) => cell(row) !== undefined));
  return {
    title,
    ...(note !== undefined && { note }),
    columns: filled.map(({ head, align, detail }) => ({
      head,
      align: align ?? 'right',
      detail: detail ?? false,
    })),
    rows: rows.map((row) => filled.map(({ cell }) => asCell(cell(row)))),
  };
}

function asCell(cell: Cell | string | undefined): Cell {
  if (cell === undefined) return { text: NONE, tone: 'quiet' };
  return typeof cell === 'string' ? { text: cell } : cell;
}

/** A number that should be 0. */
export function lost(value: number): Cell {
  return { text: count(value), tone: value > 0 ? 'bad' : 'quiet' };
}

/** A duration, if it is known. */
export function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : duration(ms);
}
