import type { Facts } from './account.ts';
import { counted, duration } from './format.ts';
import { farewells, graceAdvice, livenessOf, names, stateAtTheEnd } from './leaving.ts';
import type { Finding } from './result.ts';

/** Answers after SIGTERM from which on it says something that they do not say close. */
const ENOUGH_ANSWERS = 20;
/** Share of requests that were sent late from which on the machine is part of what was measured. */
const MANY_LATE = 0.1;

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
        `in the state ${stateAtTheEnd(killed)}.`,
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
