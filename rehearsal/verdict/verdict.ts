import { createHistogram } from 'node:perf_hooks';
import type { Clock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { diagnose } from './diagnosis.ts';
import { expectation } from './expected-loss.ts';
import type { Entry, Ledger } from '../load/ledger.ts';
import type { Plan } from '../plan.ts';
import type { Replica } from '../cluster/replica.ts';
import type { Loss, Phase, Quantiles, ReplicaResult, Result, Settings, Slice, Totals } from './result.ts';
import type { Scenario } from '../scenarios.ts';

/** What is there at the end of a rehearsal; times are on the clock of the process. */
export interface Facts {
  plan: Plan;
  scenario: Scenario;
  clock: Clock;
  cluster: Cluster;
  ledger: Ledger;
  loadFromMs: number;
  changeFromMs: number;
  changeToMs: number;
}

/** About as many slices as a screen can show. */
const SLICES = 120;
const MIN_SLICE_MS = 250;

/** Turns what happened into the result: all times since the load began. */
export function resultOf(facts: Facts): Result {
  const { plan, scenario, clock, cluster, ledger, loadFromMs, changeFromMs, changeToMs } = facts;
  const now = clock.now();
  const since = (ms: number) => Math.round(10 * (Math.min(ms, now) - loadFromMs)) / 10;
  const durationMs = since(now);
  const phaseOf = ({ dueMs }: Entry): Phase => {
    if (dueMs < changeFromMs) return 'steady';
    return dueMs <= changeToMs ? 'change' : 'after';
  };
  const inPhase = (phase: Phase) => ledger.entries.filter((entry) => phaseOf(entry) === phase);
  const [steady, change, after] = [inPhase('steady'), inPhase('change'), inPhase('after')];
  const lost = ledger.entries.filter(({ loss }) => loss !== undefined).sort((a, b) => a.dueMs - b.dueMs);
  const replicas = cluster.replicas.map((replica) => replicaResult(replica, ledger, since));
  const expected = expectation(facts);
  return {
    version: 1,
    startedAt: new Date(clock.startedAt.getTime() + loadFromMs).toISOString(),
    scenario: { name: plan.scenario, description: scenario.description },
    program: plan.program.title,
    settings: settingsOf(plan),
    durationMs,
    change: { fromMs: since(changeFromMs), toMs: since(changeToMs) },
    requests: totals(ledger.entries),
    phases: { steady: totals(steady), change: totals(change), after: totals(after) },
    latency: { steady: quantiles(steady), change: quantiles(change) },
    replicas,
    losses: lost.map((entry) => lossOf(entry, phaseOf(entry), since)),
    findings: diagnose(facts, lost),
    timeline: slices(ledger.entries, durationMs, since),
    ...(expected === undefined ? {} : { expected }),
    agreement: agreementOf(replicas),
  };
}

function settingsOf({ deployment, network, pod, load, program, stallMs, seed }: Plan): Settings {
  return {
    replicas: deployment.replicas,
    rate: load.rate,
    clients: load.clients,
    shares: { fresh: load.fresh, slow: load.slow, post: load.post },
    slowMs: load.slowMs,
    streams: load.streams,
    webSockets: load.webSockets,
    endpointLagMs: network.endpointLagMs,
    jitter: network.jitter,
    graceMs: pod.graceMs,
    preStopMs: pod.preStopMs,
    stallMs,
    environment: program.chosen,
    seed,
  };
}

function totals(entries: Entry[]): Totals {
  const lost = entries.filter(({ loss }) => loss !== undefined).length;
  return { sent: entries.length, answered: entries.length - lost, lost };
}

/** Of what was to be answered at once: requests that are slow on purpose, and streams, would hide it. */
function quantiles(entries: Entry[]): Quantiles {
  const histogram = createHistogram();
  for (const { kind, loss, dueMs, endMs } of entries) {
    if (loss !== undefined || (kind !== 'get' && kind !== 'post')) continue;
    histogram.record(Math.max(1, Math.round((endMs - dueMs) * 1000)));
  }
  const at = (percentile: number) => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1000);
  return { count: histogram.count, p50: at(50), p90: at(90), p99: at(99), max: at(100) };
}

function lossOf(entry: Entry, phase: Phase, since: (ms: number) => number): Loss {
  const { kind, method, path, dueMs, endMs, replica, loss } = entry;
  const sigtermAtMs = replica?.sigtermAtMs;
  return {
    cause: loss?.cause ?? 'broken',
    kind,
    method,
    path,
    atMs: since(dueMs),
    failedAtMs: since(endMs),
    phase,
    ...(replica === undefined ? {} : { replica: replica.name }),
    ...(sigtermAtMs === undefined || endMs < sigtermAtMs
      ? {}
      : { afterSigtermMs: Math.round(endMs - sigtermAtMs) }),
    ...(loss?.state === undefined ? {} : { state: loss.state }),
    detail: loss?.detail ?? '',
  };
}

function replicaResult(replica: Replica, ledger: Ledger, since: (ms: number) => number): ReplicaResult {
  const { name, deletedAtMs, sigtermAtMs, exit, killed, report } = replica;
  const span = <T extends { fromMs: number; toMs: number }>(spans: T[]): T[] =>
    spans.map((item) => ({ ...item, fromMs: since(item.fromMs), toMs: since(item.toMs) }));
  const counts = ledger.of(replica);
  const reported = report?.listeners.reduce((sum, { requests }) => sum + requests.lifetime.answered, 0);
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
      : { report, reported, agrees: agrees(reported - replica.probed, replica, ledger) }),
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
    loss === undefined ? kind !== 'websocket' : loss.cause === 'status',
  ).length;
  const unsure = own.filter(({ loss }) => loss?.cause === 'timeout').length;
  return known <= reported && reported <= known + unsure;
}

function agreementOf(replicas: ReplicaResult[]): Result['agreement'] {
  const known = replicas.flatMap(({ agrees: itAgrees }) => (itAgrees === undefined ? [] : [itAgrees]));
  if (known.length === 0) return 'unknown';
  return known.every(Boolean) ? 'agree' : 'differ';
}

function slices(entries: Entry[], durationMs: number, since: (ms: number) => number): Slice[] {
  const widthMs = Math.max(MIN_SLICE_MS, Math.ceil(durationMs / SLICES / MIN_SLICE_MS) * MIN_SLICE_MS);
  const parts: Entry[][] = Array.from({ length: Math.ceil(durationMs / widthMs) }, () => []);
  // The last one takes what has ended in the very last moment, too.
  for (const entry of entries)
    parts[Math.min(parts.length - 1, Math.floor(since(entry.endMs) / widthMs))]?.push(entry);
  return parts.map((part, i) => {
    const answered: Record<string, number> = {};
    for (const { replica, loss } of part) {
      if (replica !== undefined && loss === undefined)
        answered[replica.name] = (answered[replica.name] ?? 0) + 1;
    }
    const { sent, lost } = totals(part);
    const { p50, p99, max } = quantiles(part);
    return { fromMs: i * widthMs, toMs: (i + 1) * widthMs, sent, lost, answered, p50, p99, max };
  });
}
