import { CAUSES, count, duration, moment, offset } from '../verdict/format.ts';
import type { Phase, Result } from '../verdict/result.ts';
import { causesOf, type LossGroup, lossGroups, slowestToGo } from './digest.ts';
import { type Cell, type Column, lost, table, type Table, time } from './table-model.ts';

/** Sent, answered and lost, by cause, in every phase. */
export function phaseTable({ phases, losses, requests }: Result): Table {
  const rows: (Phase | 'total')[] = ['steady', 'change', 'after', 'total'];
  const of = (row: Phase | 'total') => (row === 'total' ? requests : phases[row]);
  return table(
    'Requests',
    [
      { head: 'phase', align: 'left', cell: (row) => row },
      { head: 'sent', cell: (row) => count(of(row).sent) },
      { head: 'answered', cell: (row) => count(of(row).answered) },
      { head: 'lost', cell: (row) => lost(of(row).lost) },
      ...causesOf(losses).map((cause): Column<Phase | 'total'> => {
        const these = losses.filter((loss) => loss.cause === cause);
        return {
          head: CAUSES[cause].replace(' ', '\n'),
          cell: (row) => lost(these.filter(({ phase }) => row === 'total' || phase === row).length),
        };
      }),
      { head: 'still\nopen', cell: (row) => (requests.open > 0 ? count(of(row).open) : undefined) },
    ],
    rows,
  );
}

/** Quantiles without and with the change. */
export function latencyTable({ latency }: Result): Table {
  const rows = Object.entries(latency);
  return table(
    'Latency',
    [
      { head: 'phase', align: 'left', cell: ([name]) => name },
      { head: 'answers', cell: ([, { count: size }]) => count(size) },
      ...(['p50', 'p90', 'p99', 'max'] as const).map((head): Column<(typeof rows)[number]> => ({
        head,
        cell: ([, quantiles]) => (quantiles.count === 0 ? undefined : duration(quantiles[head])),
      })),
    ],
    rows,
    'From when a request was due, not from when it could be sent.',
  );
}

/** Every lost request, those of one kind in a line; undefined if nothing was lost. */
export function lossTable({ losses, settings }: Result): Table | undefined {
  if (losses.length === 0) return undefined;
  return table<LossGroup>(
    'Lost requests',
    [
      { head: 'when', align: 'left', cell: ({ firstMs, lastMs }) => span(firstMs, lastMs, moment) },
      { head: 'replica', align: 'left', cell: ({ like }) => like.replica },
      { head: 'lost', cell: (group) => lost(group.count) },
      { head: 'cause', align: 'left', cell: ({ like }) => CAUSES[like.cause] },
      { head: 'kind', align: 'left', cell: ({ like }) => like.kind },
      { head: 'state then', align: 'left', cell: ({ like }) => like.state },
      {
        head: `after ${settings.stopSignal}`,
        align: 'left',
        cell: ({ afterSigterm: t }) => t && span(...t, offset),
      },
      { head: 'detail', align: 'left', cell: ({ like }) => like.detail },
    ],
    lossGroups(losses),
  );
}

function span(from: number, to: number, format: (ms: number) => string): string {
  const [first, last] = [format(from), format(to)];
  return first === last ? first : `${first} – ${last}`;
}

/** A line for each scenario. */
export function scenarioTable(results: Result[]): Table {
  return table<Result>(
    'Scenarios',
    [
      { head: 'scenario', align: 'left', cell: ({ scenario }) => scenario.name },
      { head: 'sent', cell: ({ requests }) => count(requests.sent) },
      { head: 'lost', cell: ({ requests }) => lost(requests.lost) },
      { head: 'expected', cell: ({ expected }) => expected && count(expected.lost) },
      { head: 'p99 steady', cell: ({ latency }) => time(latency.steady.p99) },
      { head: 'p99 in the change', cell: ({ latency }) => time(latency.change.p99) },
      { head: 'change took', cell: ({ change }) => duration(change.toMs - change.fromMs) },
      { head: 'slowest to go', cell: (result) => time(slowestToGo(result)) },
    ],
    results,
  );
}

/** What one compares, with a column for each of the two. */
export function comparisonTable(left: Result, right: Result, names: [string, string]): Table {
  const lostNow = (value: number): Cell => ({ text: count(value), tone: value > 0 ? 'bad' : 'good' });
  const losses = [...left.losses, ...right.losses];
  const rows: { name: string; of: (result: Result) => Cell | string | undefined }[] = [
    { name: 'requests', of: ({ requests }) => count(requests.sent) },
    { name: 'lost', of: ({ requests }) => lostNow(requests.lost) },
    ...causesOf(losses).map((cause) => ({
      name: `· ${CAUSES[cause]}`,
      of: (result: Result) => lostNow(result.losses.filter((loss) => loss.cause === cause).length),
    })),
    ...(['p50', 'p99', 'max'] as const).flatMap((key) =>
      (['steady', 'change'] as const).map((phase) => ({
        name: `${key} ${phase}`,
        of: ({ latency }: Result) => time(latency[phase].count > 0 ? latency[phase][key] : undefined),
      })),
    ),
    { name: 'change took', of: ({ change }) => duration(change.toMs - change.fromMs) },
    { name: 'slowest to go', of: (result) => time(slowestToGo(result)) },
  ];
  return table<(typeof rows)[number]>(
    'Side by side',
    [
      { head: '', align: 'left', cell: ({ name }) => name },
      { head: names[0], cell: ({ of }) => of(left) },
      { head: names[1], cell: ({ of }) => of(right) },
    ],
    rows,
  );
}
