import type { Replica } from '../../cluster/replica.ts';
import { cutBy, requestsOf } from '../../subject/process-report.ts';
import {
  farewells,
  graceAdvice,
  afterStalls,
  names,
  removalMs,
  replicasOf,
  sinceSigterm,
  stateAtTheEnd,
  windowMs,
} from '../departures.ts';
import { duration, extent, range, these, wholeSeconds } from '../format.ts';
import {
  afterSigterm,
  type Context,
  details,
  exitedBy,
  isOurs,
  type Lost,
  type Rule,
  SLACK_MS,
} from './rule.ts';

const isReset = ({ loss }: Lost) =>
  loss.cause === 'reset-new' || loss.cause === 'reset-kept' || loss.cause === 'broken';
/** It came when nobody listened any more, or too late to be accepted. */
const gotNobody = ({ loss, replica, dueMs, endMs }: Lost, { refused }: Context) => {
  if (loss.cause === 'refused') return true;
  if (loss.cause !== 'reset-new' || replica === undefined) return false;
  const closedMs = replica.closedAtMs ?? Infinity;
  return dueMs >= closedMs - SLACK_MS || endMs >= (refused.get(replica) ?? Infinity) - SLACK_MS;
};
/** It was SIGKILL that closed its listener, nothing before. */
const listenedToTheEnd = (replica: Replica, { refused }: Context) =>
  replica.states.every(({ state }) => state !== 'draining') &&
  (refused.get(replica) ?? Infinity) >= (replica.exit?.atMs ?? Infinity) - SLACK_MS;
/** Of answers that broke off, what the processes say themselves. */
const admitted = (entries: Lost[]) => {
  const count = replicasOf(entries).reduce((sum, { report }) => sum + requestsOf(report, 'broken'), 0);
  return count === 0 ? '' : `; the processes know of ${count} answers that they broke off`;
};
/** The end of the drain, at which the rest is cut. */
const cutAtMs = ({ states }: Replica) => states.find(({ state }) => state === 'draining')?.toMs ?? 0;

/** What is lost with replicas that are to leave, and what is left. */
export const LEAVING: Record<string, Rule> = {
  noEndpoint: {
    fits: ({ loss }) => loss.cause === 'no-endpoint',
    explain: (entries, { changeFromMs, plan }) => {
      const passes = plan.program.environment['SHUTDOWN_READINESS'] === 'pass';
      const when = range(entries.map(({ endMs }) => endMs - changeFromMs));
      const text = `${these(entries, 'connection', 'connections')} found no endpoint ${when} after the change began:`;
      return passes
        ? {
            text: `${text} the old replicas no longer served as a last resort, and no new one was ready.`,
            advice:
              'Set SHUTDOWN_WINDOW to more than a new replica takes to be ready, or keep replicas on several nodes.',
            setting: 'SHUTDOWN_WINDOW',
          }
        : {
            text: `${text} the old replicas were out of rotation, and no new one was ready.`,
            advice:
              'Let readiness pass in the shutdown, so that balancers have terminating replicas to fall back on ' +
              `${isOurs(plan) ? '(SHUTDOWN_READINESS=pass)' : 'for as long as it serves'}, or keep replicas on several nodes.`,
            setting: isOurs(plan) ? 'SHUTDOWN_READINESS' : 'readinessProbe',
          };
    },
  },

  killed: {
    fits: (entry, context) =>
      entry.replica?.killed === 'grace' &&
      exitedBy(entry) &&
      (isReset(entry) || (gotNobody(entry, context) && listenedToTheEnd(entry.replica, context))),
    explain: (entries, { plan }) => {
      const killed = replicasOf(entries);
      return {
        text:
          `${these(entries, 'request was', 'requests were')} lost when SIGKILL ended ${names(killed)} ` +
          `${duration(plan.pod.graceMs)} after the deletion, in the state ${stateAtTheEnd(killed)}: ` +
          `the grace period was over${afterStalls(killed)}.`,
        ...graceAdvice(killed),
      };
    },
  },

  untold: {
    fits: (entry, context) => entry.replica?.evicted === true && gotNobody(entry, context),
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
    fits: (entry, context) => gotNobody(entry, context) && afterSigterm(entry),
    explain: (entries) => {
      const replicas = replicasOf(entries);
      const removedMs = Math.max(...replicas.map(removalMs));
      const windows = replicas.flatMap((replica) => windowMs(replica) ?? []);
      const enough = wholeSeconds(removedMs + 500);
      const when =
        `${these(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
        `endpoints were removed after ${duration(removedMs)},`;
      const listening = `go on listening for at least ${enough} after SIGTERM`;
      if (windows.length === 0 && replicas.every(({ exit }) => exit?.signal === 'SIGTERM')) {
        return {
          text: `${when} SIGTERM ended the program at once.`,
          advice:
            'Start the program itself, not npm or a shell, which do not pass the signal on; let it handle SIGTERM and ' +
            `${listening}, or delay SIGTERM by as much with a preStop sleep.`,
          setting: 'SIGTERM',
        };
      }
      return windows.length === 0
        ? {
            text: `${when} and the program stopped listening before that.`,
            advice: `Let it ${listening}, or delay SIGTERM by as much with a preStop sleep.`,
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
    fits: (entry) => {
      const { replica, endMs } = entry;
      return (
        replica !== undefined &&
        cutBy(replica.report) > 0 &&
        isReset(entry) &&
        endMs >= cutAtMs(replica) - SLACK_MS
      );
    },
    explain: (entries) => {
      const routes = [...new Set(entries.map(({ method, path }) => `${method} ${path}`))]
        .slice(0, 3)
        .join(', ');
      const drains = replicasOf(entries).flatMap(({ report }) => report?.ms.drain ?? []);
      const [, longest] = extent(entries.map(({ dueMs, endMs }) => endMs - dueMs));
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
        : entries.some(({ loss }) => loss.cause !== 'reset-kept')
          ? {
              text: `${when}, while they were being answered or before they could be (${details(entries)})${admitted(entries)}.`,
              advice: 'A process must answer what it has accepted before it ends: what ended it sooner?',
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
      advice:
        entries.filter(afterSigterm).length > entries.length / 2
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
};

/** What no rule fits. */
export const OTHER: Rule = {
  fits: () => true,
  explain: (entries) => ({
    text: `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))} (${details(entries)}).`,
  }),
};
