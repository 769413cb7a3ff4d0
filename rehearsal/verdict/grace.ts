import type { Replica } from '../cluster/replica.ts';
import { traitsOf } from '../subject/states.ts';
import { farewells, stateAtTheEnd } from './departures.ts';
import type { Facts } from './facts.ts';
import { count, duration } from './format.ts';
import type { Finding } from './result.ts';
import { afterSigterm, SLACK_MS } from './rules/rule.ts';

/** What answered in its last second still served. */
const LAST_MS = 1000;

/** What could be seen of replicas between their SIGTERM and SIGKILL. */
interface Seen {
  /** New connections were refused from here on, after SIGTERM. */
  refusedAfterMs: number | undefined;
  /** A new connection got an answer. */
  accepted: boolean;
  /** Answers on kept connections, and how many of them said close. */
  answers: number;
  close: number;
  /** There were answers until the end. */
  served: boolean;
}

/** How replicas that SIGKILL has ended had taken their SIGTERM, in a sentence, and what to do about it. */
export function graceAdvice(
  killed: Replica[],
  facts: Facts,
): Pick<Finding, 'advice' | 'setting'> & { reaction: string } {
  if (killed.some(({ states }) => states.some(({ state }) => traitsOf(state).phase !== undefined))) {
    return {
      reaction: `It was in the state ${stateAtTheEnd(killed)}.`,
      advice:
        'Set terminationGracePeriodSeconds to more than all phases together (the chart derives it), and ' +
        'SHUTDOWN_GRACE_PERIOD to the same, so that a start that can’t keep it fails.',
      setting: 'terminationGracePeriodSeconds',
    };
  }
  const seen = seenOf(killed, facts);
  const signs = [
    seen.refusedAfterMs !== undefined && `refused new connections from ${duration(seen.refusedAfterMs)} on`,
    seen.close > 0 && `said Connection: close in ${count(seen.close)} of ${count(seen.answers)} answers`,
  ].filter((sign) => sign !== false);
  if (signs.length === 0) {
    const unmoved = [
      seen.accepted && 'took new connections',
      seen.answers > 0 && 'never said Connection: close',
    ].filter((sign) => sign !== false);
    return {
      reaction: `Nothing showed that it had noticed SIGTERM${unmoved.length === 0 ? '' : `: it ${unmoved.join(' and ')}`}.`,
      advice:
        'Handle SIGTERM, and let the program itself be PID 1, not a shell or npm. If it does handle it, it needs longer ' +
        'than its grace period.',
      setting: 'SIGTERM',
    };
  }
  if (facts.plan.scenario === 'stuck-request') {
    return {
      reaction: `It had reacted to SIGTERM, it ${signs.join(' and ')}, and waited for a request that never ends.`,
      advice:
        'Set a limit to what it waits for that is shorter than the grace period, and end by itself then.',
      setting: 'terminationGracePeriodSeconds',
    };
  }
  const waits = seen.served && seen.close < seen.answers / 2;
  return {
    reaction: `It had reacted to SIGTERM, it ${signs.join(' and ')}, and ${seen.served ? 'still served kept connections' : 'was still busy'} at the end.`,
    advice: waits
      ? 'It waits for clients that it does not ask to go: say Connection: close in every answer from SIGTERM on, and set ' +
        'a limit to the wait that is shorter than the grace period.'
      : 'Set terminationGracePeriodSeconds to more than it needs to end, or a limit to what it waits for.',
    setting: 'terminationGracePeriodSeconds',
  };
}

function seenOf(killed: Replica[], { ledger }: Facts): Seen {
  const entries = ledger.entries.filter(
    (entry) => entry.replica !== undefined && killed.includes(entry.replica) && afterSigterm(entry),
  );
  const endOf = (replica: Replica | undefined) => replica?.exit?.atMs ?? Infinity;
  const answered = entries.filter(({ loss }) => loss === undefined);
  const refusals = entries.filter(
    ({ loss, replica, endMs }) => loss?.cause === 'refused' && endMs < endOf(replica) - SLACK_MS,
  );
  const since = refusals.map(({ replica, endMs }) => endMs - (replica?.sigtermAtMs ?? endMs));
  return {
    refusedAfterMs: refusals.length === 0 ? undefined : Math.min(...since),
    accepted: answered.some(
      ({ newConnection, sentMs, replica }) =>
        newConnection && sentMs > (replica?.sigtermAtMs ?? Infinity) + SLACK_MS,
    ),
    ...farewells(killed, ledger.farewells),
    served: answered.some(({ replica, endMs }) => endMs > endOf(replica) - LAST_MS),
  };
}
