import type { Replica } from '../cluster/replica.ts';
import type { ProcessReport } from '../subject/process-report.ts';
import { STATE_NAMES, traitsOf } from '../subject/states.ts';
import { isTooLate } from './conclusion.ts';
import { connectionWarnings } from './connection-warnings.ts';
import { afterStalls, livenessOf, names, replicasOf } from './departures.ts';
import type { Facts } from './facts.ts';
import { counted, duration } from './format.ts';
import { graceAdvice } from './grace.ts';
import { latencyWarnings } from './latency-warnings.ts';
import type { Finding, Warning } from './result.ts';
import { meanwhile } from './rules/starved.ts';

/** Share of requests that were sent late from which on the machine is part of what was measured. */
const MANY_LATE = 0.1;

/** A stall of a process that is worth a word even if it has cost nothing. */
const LONG_MS = 1000;

/** What went wrong without losing anything, this time; not what the findings about losses say already. */
export function warnings(facts: Facts, findings: Finding[]): Finding[] {
  const { cluster, ledger, plan } = facts;
  const found: Finding[] = [];
  const warn = (finding: Warning) => {
    const known = findings.some(({ setting }) => setting !== undefined && setting === finding.setting);
    if (!known) found.push({ severity: 'warning', lost: 0, ...finding });
  };
  const killed = cluster.replicas.filter((replica) => replica.killed === 'grace');
  if (killed.length > 0) {
    const { reaction, ...advice } = graceAdvice(killed, facts);
    const when = `${duration(plan.pod.graceMs)} after the deletion${afterStalls(killed)}`;
    warn({ text: `SIGKILL ended ${names(killed)} ${when}. ${reaction}`, ...advice });
  }
  const restarted = cluster.replicas.filter((replica) => replica.killed === 'liveness');
  if (restarted.length > 0) {
    warn({
      text: `The kubelet restarted ${names(restarted)}: ${livenessOf(plan.pod.liveness)} failed.`,
      advice: 'The liveness probe must fail only if a restart would help.',
      setting: 'livenessProbe',
    });
  }
  connectionWarnings(facts).forEach(warn);
  const { late, sent } = ledger;
  if (late.count > MANY_LATE * sent) {
    warn({
      text:
        `${counted(late.count, 'request')} could be sent only later than they were due, by up to ${duration(late.longestMs)}: ` +
        'this machine is too busy for the load.',
      advice:
        'Believe neither latencies nor time-outs; rehearse again with a lower --rate, or with less running besides.',
      setting: '--rate',
    });
  }
  if (!isTooLate(ledger)) latencyWarnings(facts).forEach(warn);
  const [worst] = stallsOfTheirOwn(cluster.replicas);
  if (worst !== undefined) {
    warn({
      text:
        `The event loop of ${worst.name} was late by up to ${duration(worst.lateMs)} ${meanwhile(worst.state)}: ` +
        'the process got no CPU, or a callback held it up.',
      advice: 'What that may cost, --scenario starved shows.',
      setting: 'resources.limits.cpu',
    });
  }
  const unlike = ledger.entries.filter((entry) => entry.unlike);
  if (unlike.length > 0) {
    warn({
      text: `${counted(unlike.length, 'answer')} of ${names(replicasOf(unlike))} after SIGTERM had another body than all before.`,
      advice: 'Is it right? --expect-body says what every answer has to contain.',
    });
  }
  const outcomes = new Map<string, string[]>();
  for (const { name, report } of cluster.replicas) {
    if (report === undefined || report.exitCode === 0 || report.outcome === 'crash') continue;
    const how = `${report.outcome}, exit ${report.exitCode}${hooksOf(report)}`;
    outcomes.set(how, [...(outcomes.get(how) ?? []), name]);
  }
  for (const [how, who] of outcomes) {
    found.push({ severity: 'note', lost: 0, text: `Reported by ${who.join(', ')}: ${how}.` });
  }
  return found;
}

/** `; the hook orders did not end in time` */
function hooksOf({ hooks = [] }: ProcessReport): string {
  const failed = hooks.filter(({ result }) => result !== 'ok');
  const said = failed.map(
    ({ name, result }) => `the hook ${name} ${result === 'timeout' ? 'did not end in time' : 'failed'}`,
  );
  return said.length === 0 ? '' : `; ${said.join(', ')}`;
}

/** Those that processes report and the rehearsal did not make, the longest first. */
function stallsOfTheirOwn(replicas: Replica[]): { name: string; state: string; lateMs: number }[] {
  const lateIn = ({ report }: Replica, state: string) => {
    const { phase } = traitsOf(state);
    return phase === undefined ? 0 : (report?.lateMs?.[phase] ?? 0);
  };
  return replicas
    .filter(({ stalls }) => stalls.length === 0)
    .flatMap((replica) =>
      STATE_NAMES.map((state) => ({ name: replica.name, state, lateMs: lateIn(replica, state) })),
    )
    .filter(({ lateMs }) => lateMs >= LONG_MS)
    .sort((a, b) => b.lateMs - a.lateMs);
}
