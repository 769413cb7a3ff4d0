import { type ProcessReport, requestsOf } from '../subject/process-report.ts';
import { count, duration, moment, offset } from '../verdict/format.ts';
import type { ReplicaResult, Result } from '../verdict/result.ts';
import { cutRoutes, endOf, forgottenAfter, goneAfter, readyAfter } from './digest.ts';
import { type Cell, lost, table, type Table, time } from './table-model.ts';

/** How each replica came and went. */
export function replicaTable({ replicas, requests, settings }: Result): Table {
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
      { head: 'still\nopen', cell: ({ open }) => (requests.open > 0 ? count(open) : undefined) },
      { head: 'own\nreport', cell: ownReport },
    ],
    replicas,
    [
      replicas.some(({ sigtermAtMs }) => sigtermAtMs !== undefined) &&
        `Out of rotation and gone: counted from ${settings.stopSignal}.`,
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
