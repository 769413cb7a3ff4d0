import { stripVTControlCharacters, styleText } from 'node:util';
import CliTable from 'cli-table3';
import wrapAnsi from 'wrap-ansi';
import { count, counted, duration, NONE } from '../verdict/format.ts';
import type { Finding, Result } from '../verdict/result.ts';
import { agreementInWords, cost, expectedInWords, headline, MARKS } from './digest.ts';
import { titles } from './settings.ts';
import { cutTable, replicaTable } from './replica-tables.ts';
import { comparisonTable, latencyTable, phaseTable } from './request-tables.ts';
import { type Cell, type Table } from './table-model.ts';

interface Options {
  colour: boolean;
  /** Of the terminal. */
  columns: number;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** What a rehearsal has found, for a terminal: verdict, findings, then the numbers. */
export function summary(result: Result, options: Options): string {
  const paint = painter(options);
  const { scenario, program, settings } = result;
  const run = `${scenario.name}: ${counted(settings.replicas, 'replica')} of ${program}, ${count(settings.rate)} requests/s for ${duration(result.durationMs)}`;
  const tables = [phaseTable(result), latencyTable(result), replicaTable(result), cutTable(result)];
  return [
    `${wrapped(mark(result, paint), options)}\n${wrapped(paint('dim', run), options)}`,
    ...opinion(result, options, paint),
    ...tables.filter((table) => table !== undefined).map((table) => drawn(table, options, paint)),
    wrapped(agreementInWords(result).sentence, options),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Two rehearsals of the same load, side by side. */
export function comparison(left: Result, right: Result, options: Options): string {
  const paint = painter(options);
  const both = [left, right] as const;
  const names = titles(left, right);
  const [ours, theirs] = names.map((name) =>
    wrapAnsi(name, Math.max(12, Math.floor(options.columns / 3)), { hard: true }),
  );
  return [
    both
      .map((result, i) => wrapped(`${mark(result, paint)} ${paint('dim', `with ${names[i]}`)}`, options))
      .join('\n'),
    drawn(comparisonTable(left, right, [ours ?? '', theirs ?? '']), options, paint),
    ...both.flatMap((result, i) => {
      const said = opinion(result, options, paint);
      return said.length === 0 ? [] : [wrapped(paint('bold', `With ${names[i]}`), options), ...said];
    }),
  ]
    .join('\n\n')
    .concat('\n');
}

const COLOURS = { good: 'green', bad: 'red', unsure: 'yellow' } as const;

function mark(result: Result, paint: Paint): string {
  const { glyph, tone } = MARKS[result.verdict];
  return paint(['bold', COLOURS[tone]], `${glyph} ${headline(result)}`);
}

/** Findings with their advice, as paragraphs. */
function opinion(result: Result, options: Options, paint: Paint): string[] {
  const expected = expectedInWords(result);
  return [
    ...(expected === undefined ? [] : [wrapped(expected, options)]),
    ...result.findings.map((finding) => paragraph(finding, options, paint)),
  ];
}

const SIGNS: Record<Finding['severity'], { glyph: string; style: Style }> = {
  loss: { glyph: '✗', style: 'red' },
  warning: { glyph: '!', style: 'yellow' },
  note: { glyph: '·', style: 'dim' },
};

function paragraph(finding: Finding, options: Options, paint: Paint): string {
  const { severity, text, advice } = finding;
  const { glyph, style } = SIGNS[severity];
  const price = cost(finding);
  const said = price === undefined ? text : `${paint(style, `${price}:`)} ${text}`;
  const lines = [`${paint(style, glyph)} ${wrapped(said, options, 2)}`];
  if (advice !== undefined) lines.push(`  ${paint('cyan', '→')} ${wrapped(advice, options, 4)}`);
  return lines.join('\n');
}

/** `indent` columns are kept free at the left of all lines but the first, which has something there. */
function wrapped(text: string, { columns }: Options, indent = 0): string {
  const lines = wrapAnsi(text, Math.max(20, Math.min(columns, 100) - indent), { hard: true }).split('\n');
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** First with air, then without, then without details, then each row as a list: a line never wraps, nor is it cut off. */
function drawn(table: Table, options: Options, paint: Paint): string {
  const fits = (lines: string[]) =>
    lines.every((line) => stripVTControlCharacters(line).length <= options.columns);
  const whole = [grid(table, '  ', paint), grid(table, ' ', paint)].find(fits);
  const few = withoutDetails(table);
  const narrow = grid(few, ' ', paint);
  const lines = whole ?? (fits(narrow) ? narrow : stacked(table, options, paint));
  const notes = [table.note, lines === narrow ? leftOut(table) : undefined];
  return [
    paint('bold', table.title),
    ...lines,
    ...notes.flatMap((note) => (note === undefined ? [] : [paint('dim', wrapped(note, options))])),
  ].join('\n');
}

/** For the narrowest terminals: the name of each row, and below it what its other cells say. */
function stacked({ columns, rows }: Table, options: Options, paint: Paint): string[] {
  return rows.flatMap(([name, ...cells]) => [
    wrapped(name?.text ?? '', options),
    ...cells.flatMap((cell, i) => {
      const head = columns[i + 1]?.head.replace('\n', ' ') ?? '';
      return cell.text === NONE
        ? []
        : [`  ${wrapped(`${paint('dim', head)} ${toned(cell, paint)}`, options, 4)}`];
    }),
  ]);
}

function withoutDetails({ columns, rows, ...table }: Table): Table {
  return {
    ...table,
    columns: columns.filter(({ detail }) => !detail),
    rows: rows.map((row) => row.filter((_, i) => columns[i]?.detail === false)),
  };
}

function leftOut({ columns }: Table): string | undefined {
  const heads = columns.filter(({ detail }) => detail).map(({ head }) => head.replace('\n', ' '));
  return heads.length === 0 ? undefined : `Left out for want of room: ${heads.join(', ')}.`;
}

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((joint) => [side + joint, '']),
  ),
);

function grid({ columns, rows }: Table, gap: string, paint: Paint): string[] {
  const drawing = new CliTable({
    head: columns.map(({ head }) => paint('dim', head)),
    rowAligns: ['bottom'],
    colAligns: columns.map(({ align }) => align),
    chars: { ...NO_BORDERS, middle: gap },
    // Its own colours come even where nobody can show them.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  drawing.push(...rows.map((row) => row.map((cell) => toned(cell, paint))));
  return drawing
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

const TONES: Record<NonNullable<Cell['tone']>, Style> = { good: 'green', bad: 'red', quiet: 'dim' };

function toned({ text, tone }: Cell, paint: Paint): string {
  return tone === undefined || text === NONE ? text : paint(TONES[tone], text);
}

/** `validateStream` off: whether there is colour is not for the stdout of this process to say. */
function painter({ colour }: Options): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}
