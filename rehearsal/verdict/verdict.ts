import type { Entry } from '../load/ledger.ts';
import type { Plan } from '../plan.ts';
import { conclusionOn } from './conclusion.ts';
import { diagnose } from './diagnosis.ts';
import { expectedLoss } from './expected-loss.ts';
import type { Facts } from './facts.ts';
import { quantiles, slices, totals } from './measures.ts';
import { agreementOf, replicaResult } from './replica-results.ts';
import type { Loss, Phase, Result, Settings } from './result.ts';
import type { Lost } from './rules/rule.ts';

/** Turns what happened into the result: all times since the load began. */
export function verdictOn(facts: Facts): Result {
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
  const lost = ledger.entries
    .filter((entry): entry is Lost => entry.loss !== undefined)
    .sort((a, b) => a.dueMs - b.dueMs);
  const replicas = cluster.replicas.map((replica) => replicaResult(replica, ledger, since));
  const expected = expectedLoss(facts);
  return {
    version: 1,
    ...conclusionOn(facts, lost),
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

function lossOf(entry: Lost, phase: Phase, since: (ms: number) => number): Loss {
  const { kind, method, path, dueMs, endMs, replica, loss } = entry;
  const sigtermAtMs = replica?.sigtermAtMs;
  return {
    cause: loss.cause,
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
    ...(loss.state === undefined ? {} : { state: loss.state }),
    detail: loss.detail,
  };
}
