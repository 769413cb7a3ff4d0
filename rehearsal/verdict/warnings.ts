import type { Replica } from '../cluster/replica.ts';
import { STATE_NAMES, traitsOf } from '../subject/states.ts';
import { afterStalls, farewells, graceAdvice, livenessOf, names, stateAtTheEnd } from './departures.ts';
import type { Facts } from './facts.ts';
import { counted, duration } from './format.ts';
import type { Finding } from './result.ts';
import { meanwhile } from './rules/starved.ts';

/** Answers after SIGTERM from which on it says something that they do not say close. */
const ENOUGH_ANSWERS = 20;
/** Share of requests that were sent late from which on the machine is part of what was measured. */
const MANY_LATE = 0.1;

/** A stall of a process that is worth a word even if it has cost nothing. */
const LONG_MS = 1000;

/** What went wrong without losing anything, this time; not what the findings about losses say already. */
export function warnings({ cluster, ledger, plan }: Facts, findings: Finding[]): Finding[] {
  const found: Finding[] = [];
  const warn = (finding: Omit<Finding, 'severity' | 'lost'>) => {
    const known = findings.some(({ setting }) => setting !== undefined && setting === finding.setting);
    if (!known) found.push({ severity: 'warning', lost: 0, ...finding });
  };
  const killed = cluster.replicas.filter((replica) => replica.killed === 'grace');
  if (killed.length > 0) {
    warn({
      text:
        `SIGKILL ended ${names(killed)} ${duration(plan.pod.graceMs)} after the deletion, ` +
        `in the state ${stateAtTheEnd(killed)}${afterStalls(killed)}.`,
      ...graceAdvice(killed),
    });
  }
  const restarted = cluster.replicas.filter((replica) => replica.killed === 'liveness');
  if (restarted.length > 0) {
    warn({
      text: `The kubelet restarted ${names(restarted)}: ${livenessOf(plan.pod.liveness)} failed.`,
      advice: 'The liveness probe must fail only if a restart would help.',
      setting: 'livenessProbe',
    });
  }
  const { answers, close } = farewells(cluster.replicas, ledger.farewells);
  if (answers >= ENOUGH_ANSWERS && close < answers / 2) {
    warn({
      text: `Of ${answers} answers on kept connections after SIGTERM, ${close} said Connection: close.`,
      advice: 'Without it, keep-alive clients stay until the connection is closed under them.',
      setting: 'Connection: close',
    });
  }
  const { late, sent } = ledger;
  if (late.count > MANY_LATE * sent) {
    warn({
      text:
        `${counted(late.count, 'request')} could be sent only later than they were due, by up to ${duration(late.longestMs)}: ` +
        'this machine is too busy for the load.',
      advice:
        'Believe neither latencies nor time-outs; rehearse again with a lower --rate, or with less running besides.',
    });
  }
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
  const outcomes = new Map<string, string[]>();
  for (const { name, report } of cluster.replicas) {
    if (report === undefined || report.exitCode === 0 || report.outcome === 'crash') continue;
    const how = `${report.outcome}, exit ${report.exitCode}`;
    outcomes.set(how, [...(outcomes.get(how) ?? []), name]);
  }
  for (const [how, who] of outcomes) {
    found.push({ severity: 'note', lost: 0, text: `Reported by ${who.join(', ')}: ${how}.` });
  }
  return found;
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
