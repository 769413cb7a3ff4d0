import type { Entry } from '../load/ledger.ts';
import { conclusionOn } from './conclusion.ts';
import { diagnose } from './diagnosis.ts';
import { expectedLoss } from './expected-loss.ts';
import type { Facts } from './facts.ts';
import { hidden } from './hidden.ts';
import { quantiles, slices, totals } from './measures.ts';
import { agreementOf, replicaResult } from './replica-results.ts';
import type { Loss, Phase, Result } from './result.ts';
import type { Lost } from './rules/rule.ts';
import { settingsOf } from './settings.ts';
import { withSignal } from './stop-signal.ts';

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
  const findings = diagnose(facts, lost);
  const unavoidable = findings.reduce((sum, finding) => sum + (finding.unavoidable ?? 0), 0);
  return {
    version: 2,
    ...conclusionOn(facts, lost),
    startedAt: new Date(clock.startedAt.getTime() + loadFromMs).toISOString(),
    scenario: { name: plan.scenario, description: scenario.description },
    program: hidden.inText(plan.program.title),
    settings: settingsOf(plan),
    durationMs,
    change: { fromMs: since(changeFromMs), toMs: since(changeToMs) },
    requests: totals(ledger.entries),
    phases: { steady: totals(steady), change: totals(change), after: totals(after) },
    latency: { steady: quantiles(steady), change: quantiles(change) },
    replicas,
    losses: lost.map((entry) => lossOf(entry, phaseOf(entry), since)),
    findings: findings.map((finding) => withSignal(finding, plan.pod.stopSignal)),
    timeline: slices(ledger.entries, durationMs, since),
    ...(expected === undefined ? {} : { expected }),
    unexpected: lost.length - unavoidable,
    agreement: agreementOf(replicas),
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
