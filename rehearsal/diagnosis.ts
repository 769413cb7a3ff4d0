import type { Facts } from './account.ts';
import type { Entry } from './load/ledger.ts';
import type { Replica } from './cluster/replica.ts';
import type { Finding } from './result.ts';
import { count, duration, range, these, wholeSeconds } from './format.ts';
import {
  farewells,
  graceAdvice,
  livenessOf,
  names,
  removalMs,
  replicasOf,
  sinceSigterm,
  stateAtTheEnd,
  windowMs,
} from './leaving.ts';
import { warnings } from './warnings.ts';

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
const RULES: Record<string, Rule> = {
  always: {
    fits: (entry, { always }) => always.has(kindOfLoss(entry)),
    explain: (entries, { changeFromMs }) => {
      const before = entries.filter((entry) => wasLostBefore(entry, changeFromMs));
      return {
        text:
          `${these(entries, 'request was', 'requests were')} lost, ${count(before.length)} of them ` +
          `before anything had changed (${details(entries)}).`,
        advice: 'The program does not stand this load, or the paths are not its own: look at that first.',
      };
    },
  },

  noEndpoint: {
    fits: ({ loss }) => loss.cause === 'no-endpoint',
    explain: (entries, { changeFromMs }) => ({
      text:
        `${these(entries, 'connection', 'connections')} found no endpoint ` +
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
        `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))}, which crashed ` +
        `(${details(entries)}): it no longer listened while balancers still sent it connections.`,
      advice: 'Nothing can be set against it. More replicas make it a smaller share.',
    }),
  },

  liveness: {
    fits: ({ replica }) => replica?.killed === 'liveness',
    explain: (entries, { plan }) => ({
      text:
        `${these(entries, 'request was', 'requests were')} lost because the kubelet restarted ` +
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
          `${these(entries, 'request was', 'requests were')} lost when SIGKILL ended ${names(killed)} ` +
          `${duration(plan.pod.graceMs)} after the deletion, in the state ${stateAtTheEnd(killed)}: ` +
          'the grace period was over.',
        ...graceAdvice(killed),
      };
    },
  },

  untold: {
    fits: (entry, { plan }) => plan.scenario === 'eviction' && gotNobody(entry),
    explain: (entries) => ({
      text:
        `${these(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
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
        `${these(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
        `endpoints were removed after ${duration(removedMs)},`;
      return windows.length === 0
        ? {
            text: `${when} and the program stopped listening before that.`,
            advice: `Let it go on listening for at least ${enough} after SIGTERM, or delay SIGTERM by as much with a preStop sleep.`,
            setting: 'preStop',
          }
        : {
            text: `${when} the window was over after ${duration(Math.min(...windows))}.`,
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
          `${these(entries, 'request was', 'requests were')} cut after ${duration(Math.max(...drains))} of drain: ` +
          `${routes}.`,
        advice: `Set SHUTDOWN_DRAIN_TIMEOUT to more than your slowest request takes: these had not ended after ${duration(longest)}.`,
        setting: 'SHUTDOWN_DRAIN_TIMEOUT',
      };
    },
  },

  keptConnections: {
    fits: (entry) => isReset(entry) && afterSigterm(entry),
    explain: (entries, { ledger }) => {
      const when =
        `${these(entries, 'request', 'requests')} met a connection that was closed under them, ` +
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
        `${these(entries, 'request got', 'requests got')} the wrong answer (${details(entries)}) from ` +
        `${names(replicasOf(entries))}.`,
      advice: entries.every(afterSigterm)
        ? 'A service that leaves must serve, not reject, until nobody sends it anything.'
        : 'Are the paths its own?',
    }),
  },

  timeout: {
    fits: ({ loss }) => loss.cause === 'timeout',
    explain: (entries) => ({
      text: `${these(entries, 'request', 'requests')} had no whole answer when the client gave up (${details(entries)}).`,
      advice: 'A process that hangs while it stops, or one that is too slow for this load.',
    }),
  },

  other: {
    fits: () => true,
    explain: (entries) => ({
      text: `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))} (${details(entries)}).`,
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

/** `3 ECONNRESET, 1 status 503` */
function details(entries: Lost[]): string {
  const counts = new Map<string, number>();
  for (const { loss } of entries) counts.set(loss.detail, (counts.get(loss.detail) ?? 0) + 1);
  return [...counts].map(([detail, number]) => `${number} ${detail}`).join(', ');
}
