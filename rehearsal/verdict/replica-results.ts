import type { Replica } from '../cluster/replica.ts';
import type { Ledger } from '../load/ledger.ts';
import { answeredBy } from '../subject/process-report.ts';
import type { ReplicaResult, Result } from './result.ts';

/** How a replica came and went, and what it says of itself; `since` turns the clock of the rehearsal into that of the result. */
export function replicaResult(
  replica: Replica,
  ledger: Ledger,
  since: (ms: number) => number,
): ReplicaResult {
  const { name, deletedAtMs, sigtermAtMs, exit, killed, report } = replica;
  const span = <T extends { fromMs: number; toMs: number }>(spans: T[]): T[] =>
    spans.map((item) => ({ ...item, fromMs: since(item.fromMs), toMs: since(item.toMs) }));
  const counts = ledger.of(replica);
  const all = answeredBy(report);
  const reported = all === undefined ? undefined : all - replica.probed;
  return {
    name,
    states: span(replica.states),
    inRotation: span(replica.inRotation),
    ...(replica.stalls.length === 0 ? {} : { stalls: span([...replica.stalls]) }),
    ...(deletedAtMs === undefined ? {} : { deletedAtMs: since(deletedAtMs) }),
    ...(sigtermAtMs === undefined ? {} : { sigtermAtMs: since(sigtermAtMs) }),
    ...(exit === undefined ? {} : { exit: { ...exit, atMs: since(exit.atMs) } }),
    ...(killed === undefined ? {} : { killed }),
    ...counts,
    // A report is of one process, the clients' count of all that the replica has had.
    ...(report === undefined || reported === undefined || replica.restarts > 0
      ? {}
      : { report, reported, agrees: agrees(reported, replica, ledger) }),
  };
}

/**
 * Whether a process has answered what its clients have had answers to, no more and no less. A wrong status is an answer,
 * too; one that came when the client had given up is known to the process only. A WebSocket that was opened is no request
 * to it, but a connection.
 */
function agrees(reported: number, replica: Replica, { entries }: Ledger): boolean {
  const own = entries.filter((entry) => entry.replica === replica && entry.unfinished !== true);
  const known = own.filter(({ kind, loss }) =>
    loss === undefined ? kind !== 'websocket' : loss.cause === 'status' || loss.cause === 'body',
  ).length;
  const unsure = own.filter(({ loss }) => loss?.cause === 'timeout').length;
  return known <= reported && reported <= known + unsure;
}

/** Whether all processes count as their clients do, as far as they say so. */
export function agreementOf(replicas: ReplicaResult[]): Result['agreement'] {
  const known = replicas.flatMap(({ agrees: itAgrees }) => (itAgrees === undefined ? [] : [itAgrees]));
  if (known.length === 0) return 'unknown';
  return known.every(Boolean) ? 'agree' : 'differ';
}
