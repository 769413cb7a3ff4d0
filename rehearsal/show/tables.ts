import { type ProcessReport, requestsOf } from '../subject/process-report.ts';
import { CAUSES, count, duration, moment, NONE, offset } from '../verdict/format.ts';
import type { Phase, ReplicaResult, Result } from '../verdict/result.ts';
import {
  causesOf,
  cutRoutes,
  endOf,
  forgottenAfter,
  goneAfter,
  type LossGroup,
  lossGroups,
  readyAfter,
  slowestToGo,
} from './digest.ts';

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

interface Column<Row> {
  head: string;
  /** Right, if not said. */
  align?: 'left';
  /** Left out where there is little room. */
  detail?: true;
  cell: (row: Row) => Cell | string | undefined;
}

/** Columns that have nothing to say in any row are left out; the first one names the row. */
function table<Row>(title: string, columns: Column<Row>[], rows: Row[], note?: string): Table {
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

function lost(value: number): Cell {
  return { text: count(value), tone: value > 0 ? 'bad' : 'quiet' };
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : duration(ms);
}

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

/** How each replica came and went. */
export function replicaTable({ replicas }: Result): Table {
  return table<ReplicaResult>(
    'Replicas',
    [
      { head: 'replica', align: 'left', cell: ({ name }) => name },
      { head: 'ready\nafter', cell: (replica) => time(readyAfter(replica)) },
      { head: 'out of\nrotation', cell: (replica) => left(replica) },
      { head: 'window', detail: true, cell: ({ report }) => time(report?.ms.window) },
      { head: 'drain', detail: true, cell: ({ report }) => time(report?.ms.drain) },
      { head: 'cleanup', detail: true, cell: ({ report }) => time(report?.ms.cleanup) },
      { head: 'scrape', detail: true, cell: ({ report }) => time(report?.ms.finalScrape || undefined) },
      { head: 'gone\nafter', cell: (replica) => time(goneAfter(replica)) },
      { head: 'exit', align: 'left', cell: end },
      { head: 'answered', cell: ({ answered }) => count(answered) },
      { head: 'lost', cell: (replica) => lost(replica.lost) },
      { head: 'own\nreport', cell: ownReport },
    ],
    replicas,
    [
      replicas.some(({ sigtermAtMs }) => sigtermAtMs !== undefined) &&
        'Out of rotation and gone: counted from SIGTERM.',
      replicas.some(({ agrees }) => agrees !== undefined) &&
        'Own report: whether it counts as many answers as the clients.',
    ]
      .filter((note) => note !== false)
      .join(' ') || undefined,
  );
}

function left(replica: ReplicaResult): string | undefined {
  const after = forgottenAfter(replica);
  return after === undefined ? undefined : offset(after);
}

function end(replica: ReplicaResult): Cell | undefined {
  const text = endOf(replica);
  if (text === undefined) return undefined;
  return replica.exit?.code === 0 ? { text } : { text, tone: 'bad' };
}

function ownReport({ agrees, reported }: ReplicaResult): Cell | undefined {
  if (agrees === undefined) return undefined;
  return agrees ? { text: '✓', tone: 'good' } : { text: `✗ ${count(reported ?? 0)}`, tone: 'bad' };
}

/** What the processes cut by themselves, by route; undefined if nothing. */
export function cutTable({ replicas }: Result): Table | undefined {
  const { routes, unlisted } = cutRoutes(replicas);
  if (routes.length + unlisted === 0) return undefined;
  const others = `${count(unlisted)} more are not listed: a report names the first ten of its process.`;
  return table(
    'Cut by the processes',
    [
      { head: 'route', align: 'left', cell: ({ method, route }) => `${method} ${route}` },
      { head: 'requests', cell: (route) => lost(route.count) },
      { head: 'oldest', cell: ({ oldestMs }) => duration(oldestMs) },
      { head: 'replicas', align: 'left', cell: ({ replicas: names }) => names.join(', ') },
    ],
    routes,
    unlisted > 0 ? others : undefined,
  );
}

/** Every lost request, those of one kind in a line; undefined if nothing was lost. */
export function lossTable({ losses }: Result): Table | undefined {
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
      { head: 'after SIGTERM', align: 'left', cell: ({ afterSigterm: t }) => t && span(...t, offset) },
      { head: 'detail', align: 'left', cell: ({ like }) => like.detail },
    ],
    lossGroups(losses),
  );
}

function span(from: number, to: number, format: (ms: number) => string): string {
  const [first, last] = [format(from), format(to)];
  return first === last ? first : `${first} – ${last}`;
}

/** What each process wrote down at its end, next to what the clients counted; undefined if none did. */
export function reportTable({ replicas }: Result): Table | undefined {
  const reporting = replicas.filter(({ report }) => report !== undefined);
  if (reporting.length === 0) return undefined;
  const sum = ({ report }: ReplicaResult, key: Parameters<typeof requestsOf>[1]) => requestsOf(report, key);
  return table<ReplicaResult>(
    'The processes’ own reports',
    [
      { head: 'replica', align: 'left', cell: ({ name }) => name },
      { head: 'reason', align: 'left', cell: ({ report }) => report?.reason },
      { head: 'outcome', align: 'left', cell: ({ report }) => report?.outcome },
      { head: 'served in the window', cell: (replica) => count(sum(replica, 'served')) },
      { head: 'in the drain', cell: (replica) => count(sum(replica, 'drained')) },
      { head: 'aborted by clients', cell: (replica) => count(sum(replica, 'aborted')) },
      { head: 'cut', cell: (replica) => lost(sum(replica, 'cut')) },
      {
        head: 'broken off',
        cell: (replica) => (sum(replica, 'broken') > 0 ? lost(sum(replica, 'broken')) : undefined),
      },
      { head: 'loop late by', cell: ({ report }) => time(lateBy(report)) },
      {
        head: 'answers it counts',
        cell: ({ reported }) => (reported === undefined ? undefined : count(reported)),
      },
      { head: 'answers clients got', cell: ({ answered }) => count(answered) },
      { head: 'agrees', cell: ownReport },
    ],
    reporting,
  );
}

/** How late its event loop was at most while it left; undefined: it does not say, or it hardly was. */
function lateBy(report: ProcessReport | undefined): number | undefined {
  return Math.max(0, ...Object.values(report?.lateMs ?? {})) || undefined;
}

/** The bars of the timeline in words. */
export function stateTable({ replicas }: Result): Table {
  const rows = replicas.flatMap(({ name, states, inRotation }) => [
    ...states.map(({ state, fromMs, toMs }) => ({ name, state, fromMs, toMs })),
    ...inRotation.map(({ fromMs, toMs }) => ({ name, state: 'in rotation', fromMs, toMs })),
  ]);
  return table<(typeof rows)[number]>(
    'States',
    [
      { head: 'replica', align: 'left', cell: ({ name }) => name },
      { head: 'state', align: 'left', cell: ({ state }) => state },
      { head: 'from', cell: ({ fromMs }) => moment(fromMs) },
      { head: 'to', cell: ({ toMs }) => moment(toMs) },
      { head: 'took', cell: ({ fromMs, toMs }) => duration(toMs - fromMs) },
    ],
    rows,
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
