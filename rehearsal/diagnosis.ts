import type { Facts } from './account.ts';
import type { Entry } from './ledger.ts';
import type { Replica } from './replica.ts';
import type { Finding } from './result.ts';
import { count, range, seconds, wholeSeconds } from './words.ts';

/** A request that was lost. */
export type Lost = Entry & { loss: NonNullable<Entry['loss']> };

interface Context extends Facts {
  /** What requests were lost to before anything had changed, and with what. */
  always: ReadonlySet<string>;
}

interface Rule {
  /** The first rule that fits a lost request explains it. */
  fits: (entry: Lost, context: Context) => boolean;
  explain: (entries: Lost[], context: Context) => Omit<Finding, 'severity' | 'lost'>;
}

/** How far a moment may be from the event that explains it: timers, and a loaded machine. */
const SLACK_MS = 150;
/** Answers after SIGTERM from which on it says something that they do not say close. */
const ENOUGH_ANSWERS = 20;

const isReset = ({ loss }: Lost) =>
  loss.cause === 'reset-new' || loss.cause === 'reset-kept' || loss.cause === 'broken';
/** It came when nobody listened any more, or too late to be accepted. */
const gotNobody = ({ loss, replica, dueMs }: Lost) =>
  loss.cause === 'refused' ||
  (loss.cause === 'reset-new' && dueMs >= (replica?.closedAtMs ?? Infinity) - SLACK_MS);
const afterSigterm = ({ replica, endMs }: Entry) =>
  replica?.sigtermAtMs !== undefined && endMs >= replica.sigtermAtMs;
const exitedBy = ({ replica, endMs }: Entry) =>
  replica?.exit !== undefined && endMs >= replica.exit.atMs - SLACK_MS;
const cutOf = ({ report }: Replica) =>
  report?.listeners.reduce((sum, { requests, connections }) => sum + requests.cut + connections.cut, 0) ?? 0;
const wasLostBefore = ({ endMs }: Entry, changeFromMs: number) => endMs < changeFromMs;
const kindOfLoss = ({ loss }: Lost) => `${loss.cause} ${loss.detail}`;
const replicasOf = (entries: Entry[]) => [
  ...new Set(entries.flatMap(({ replica }) => (replica === undefined ? [] : [replica]))),
];
const names = (replicas: Replica[]) => replicas.map(({ name }) => name).join(', ');
const sinceSigterm = (entries: Entry[]) =>
  range(entries.map(({ replica, endMs }) => endMs - (replica?.sigtermAtMs ?? endMs)));
/** Since its SIGTERM, until the last balancer let go of it. */
const removalMs = (replica: Replica) => (replica.inRotation.at(-1)?.toMs ?? 0) - (replica.sigtermAtMs ?? 0);
const windowMs = ({ states }: Replica) => {
  const window = states.find(({ state }) => state === 'lame-duck');
  return window === undefined ? undefined : window.toMs - window.fromMs;
};

const RULES: Record<string, Rule> = {
  always: {
    fits: (entry, { always }) => always.has(kindOfLoss(entry)),
    explain: (entries, { changeFromMs }) => {
      const before = entries.filter((entry) => wasLostBefore(entry, changeFromMs));
      return {
        text:
          `${count(entries, 'request was', 'requests were')} lost, ${before.length.toLocaleString('en')} of them ` +
          `before anything had changed (${details(entries)}).`,
        advice: 'The program does not stand this load, or the paths are not its own: look at that first.',
      };
    },
  },

  noEndpoint: {
    fits: ({ loss }) => loss.cause === 'no-endpoint',
    explain: (entries, { changeFromMs }) => ({
      text:
        `${count(entries, 'connection', 'connections')} found no endpoint ` +
        `${range(entries.map(({ endMs }) => endMs - changeFromMs))} after the change began: ` +
        `the old replicas were out of rotation, and no new one was ready.`,
      advice:
        'Let readiness pass in the shutdown, so that balancers have terminating replicas to fall back on ' +
        '(SHUTDOWN_READINESS=pass), or keep replicas on several nodes.',
      setting: 'SHUTDOWN_READINESS',
    }),
  },

  crash: {
    fits: ({ replica }) => replica?.killed === 'crash',
    explain: (entries) => ({
      text:
        `${count(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))}, which crashed ` +
        `(${details(entries)}): it no longer listened while balancers still sent it connections.`,
      advice: 'Nothing can be set against it. More replicas make it a smaller share.',
    }),
  },

  liveness: {
    fits: ({ replica }) => replica?.killed === 'liveness',
    explain: (entries, { plan }) => ({
      text:
        `${count(entries, 'request was', 'requests were')} lost because the kubelet restarted ` +
        `${names(replicasOf(entries))} (${details(entries)}): ${livenessOf(plan.pod.liveness)} failed.`,
      advice:
        'The liveness probe must fail only if a restart would help; give it a path and times that a busy process passes.',
      setting: 'livenessProbe',
    }),
  },

  killed: {
    fits: (entry) => entry.replica?.killed === 'grace' && exitedBy(entry) && isReset(entry),
    explain: (entries, { plan }) => {
      const killed = replicasOf(entries);
      return {
        text:
          `${count(entries, 'request was', 'requests were')} lost when SIGKILL ended ${names(killed)} ` +
          `${seconds(plan.pod.graceMs)} after the deletion, in the state ${stateAtTheEnd(killed)}: ` +
          'the grace period was over.',
        ...graceAdvice(killed),
      };
    },
  },

  untold: {
    fits: (entry, { plan }) => plan.scenario === 'eviction' && gotNobody(entry),
    explain: (entries) => ({
      text:
        `${count(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
        'an eviction removes the endpoint only when the process has gone, and until then nobody listened.',
      advice:
        'No window is long enough. A short drain keeps the gap short: SHUTDOWN_DRAIN_TIMEOUT, SHUTDOWN_CLEANUP_TIMEOUT, ' +
        'SHUTDOWN_SCRAPE_WAIT.',
      setting: 'SHUTDOWN_DRAIN_TIMEOUT',
    }),
  },

  window: {
    fits: (entry) => gotNobody(entry) && afterSigterm(entry),
    explain: (entries) => {
      const replicas = replicasOf(entries);
      const removedMs = Math.max(...replicas.map(removalMs));
      const windows = replicas.flatMap((replica) => windowMs(replica) ?? []);
      const enough = wholeSeconds(removedMs + 500);
      const when =
        `${count(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
        `endpoints were removed after ${seconds(removedMs)},`;
      return windows.length === 0
        ? {
            text: `${when} and the program stopped listening before that.`,
            advice: `Let it go on listening for at least ${enough} after SIGTERM, or delay SIGTERM by as much with a preStop sleep.`,
            setting: 'preStop',
          }
        : {
            text: `${when} the window was over after ${seconds(Math.min(...windows))}.`,
            advice: `Set SHUTDOWN_WINDOW to at least ${enough}.`,
            setting: 'SHUTDOWN_WINDOW',
          };
    },
  },

  cut: {
    fits: (entry) => entry.replica !== undefined && cutOf(entry.replica) > 0 && isReset(entry),
    explain: (entries) => {
      const routes = [...new Set(entries.map(({ method, path }) => `${method} ${path}`))]
        .slice(0, 3)
        .join(', ');
      const drains = replicasOf(entries).flatMap(({ report }) => report?.ms.drain ?? []);
      const longest = Math.max(...entries.map(({ dueMs, endMs }) => endMs - dueMs));
      return {
        text:
          `${count(entries, 'request was', 'requests were')} cut after ${seconds(Math.max(...drains))} of drain: ` +
          `${routes}, up to ${seconds(longest)} old.`,
        advice: `Set SHUTDOWN_DRAIN_TIMEOUT to more than your slowest request takes, at least ${wholeSeconds(longest + 1000)}.`,
        setting: 'SHUTDOWN_DRAIN_TIMEOUT',
      };
    },
  },

  keptConnections: {
    fits: (entry) => isReset(entry) && afterSigterm(entry),
    explain: (entries, { ledger }) => {
      const when =
        `${count(entries, 'request', 'requests')} met a connection that was closed under them, ` +
        `${sinceSigterm(entries)} after SIGTERM`;
      const { answers, close } = farewells(replicasOf(entries), ledger.farewells);
      return close < answers / 2 || replicasOf(entries).every((replica) => windowMs(replica) === undefined)
        ? {
            text: `${when}: of ${answers} answers on kept connections since then, ${close} had said Connection: close.`,
            advice:
              'Say Connection: close in every answer from SIGTERM on, and go on serving while clients move on.',
            setting: 'Connection: close',
          }
        : {
            text: `${when}: they had been idle for longer than the window and the minimum idle time.`,
            advice: 'Set SHUTDOWN_KEEP_ALIVE_MIN_IDLE, or SHUTDOWN_WINDOW, to more than clients pause.',
            setting: 'SHUTDOWN_KEEP_ALIVE_MIN_IDLE',
          };
    },
  },

  status: {
    fits: ({ loss }) => loss.cause === 'status',
    explain: (entries) => ({
      text:
        `${count(entries, 'request got', 'requests got')} an error for an answer (${details(entries)}) from ` +
        `${names(replicasOf(entries))}.`,
      advice: 'A service that leaves must serve, not reject, until nobody sends it anything.',
    }),
  },

  timeout: {
    fits: ({ loss }) => loss.cause === 'timeout',
    explain: (entries) => ({
      text: `${count(entries, 'request', 'requests')} had no whole answer when the client gave up (${details(entries)}).`,
      advice: 'A process that hangs while it stops, or one that is too slow for this load.',
    }),
  },

  other: {
    fits: () => true,
    explain: (entries) => ({
      text: `${count(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))} (${details(entries)}).`,
    }),
  },
};

/** Why requests were lost, by cause, the costliest first; then what went wrong without losing any. */
export function diagnose(facts: Facts, lost: Entry[]): Finding[] {
  const groups = new Map<Rule, Lost[]>();
  const all = lost as Lost[];
  const always = new Set(all.filter((entry) => wasLostBefore(entry, facts.changeFromMs)).map(kindOfLoss));
  const context = { ...facts, always };
  for (const entry of all) {
    const rule = Object.values(RULES).find(({ fits }) => fits(entry, context));
    if (rule !== undefined) groups.set(rule, [...(groups.get(rule) ?? []), entry]);
  }
  const findings = [...groups].map(([{ explain }, entries]): Finding => ({
    severity: 'loss',
    lost: entries.length,
    ...explain(entries, context),
  }));
  return [...findings.sort((a, b) => b.lost - a.lost), ...warnings(facts, findings)];
}

function warnings({ cluster, ledger, plan }: Facts, findings: Finding[]): Finding[] {
  const found: Finding[] = [];
  const warn = (finding: Omit<Finding, 'severity' | 'lost'>) => {
    const known = findings.some(({ setting }) => setting !== undefined && setting === finding.setting);
    if (!known) found.push({ severity: 'warning', lost: 0, ...finding });
  };
  const killed = cluster.replicas.filter((replica) => replica.killed === 'grace');
  if (killed.length > 0) {
    warn({
      text:
        `SIGKILL ended ${names(killed)} ${seconds(plan.pod.graceMs)} after the deletion, ` +
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
  for (const { name, report } of cluster.replicas) {
    if (report !== undefined && report.exitCode !== 0 && report.outcome !== 'crash') {
      found.push({
        severity: 'note',
        lost: 0,
        text: `${name} reports: ${report.outcome}, exit ${report.exitCode}.`,
      });
    }
  }
  return found;
}

function graceAdvice(killed: Replica[]): Pick<Finding, 'advice' | 'setting'> {
  const deaf = killed.every(({ states }) => states.every(({ state }) => !LEAVING.has(state)));
  return deaf
    ? {
        advice:
          'It did not react to SIGTERM: handle the signal, and let the program itself be PID 1, not a shell or npm.',
        setting: 'SIGTERM',
      }
    : {
        advice:
          'Set terminationGracePeriodSeconds to more than all phases together (the chart derives it), and ' +
          'SHUTDOWN_GRACE_PERIOD to the same, so that a start that can’t keep it fails.',
        setting: 'terminationGracePeriodSeconds',
      };
}

const LEAVING = new Set(['lame-duck', 'draining', 'cleanup', 'final-scrape']);

function stateAtTheEnd(replicas: Replica[]): string {
  return [...new Set(replicas.map(({ states }) => states.at(-1)?.state ?? 'unknown'))].join(', ');
}

function farewells(
  replicas: Replica[],
  all: ReadonlyMap<Replica, { answers: number; close: number }>,
): { answers: number; close: number } {
  const sum = { answers: 0, close: 0 };
  for (const replica of replicas) {
    sum.answers += all.get(replica)?.answers ?? 0;
    sum.close += all.get(replica)?.close ?? 0;
  }
  return sum;
}

function livenessOf(probe: Facts['plan']['pod']['liveness']): string {
  return probe === undefined
    ? 'its startup probe'
    : `its liveness probe (${probe.path ?? 'tcp'}, ${probe.failureThreshold} times every ${seconds(probe.periodMs)})`;
}

/** `3 ECONNRESET, 1 status 503` */
function details(entries: Lost[]): string {
  const counts = new Map<string, number>();
  for (const { loss } of entries) counts.set(loss.detail, (counts.get(loss.detail) ?? 0) + 1);
  return [...counts].map(([detail, number]) => `${number} ${detail}`).join(', ');
}
