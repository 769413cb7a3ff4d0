import type { Replica } from '../../cluster/replica.ts';
import { cutBy } from '../../subject/process-report.ts';
import { afterStalls, names, removalMs, replicasOf, sinceSigterm, windowMs } from '../departures.ts';
import { graceAdvice } from '../grace.ts';
import { CONNECTIONS, isReset } from './connections.ts';
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

/** It came when nobody listened any more, or too late to be accepted. */
const gotNobody = ({ loss, replica, dueMs, endMs }: Lost, { refused }: Context) => {
  if (loss.cause === 'refused') return true;
  if (loss.cause !== 'reset-new' || replica === undefined) return false;
  const closedMs = replica.closedAtMs ?? Infinity;
  return dueMs >= closedMs - SLACK_MS || endMs >= (refused.get(replica) ?? Infinity) - SLACK_MS;
};
/** The end of a process that is killed may be known only some time later. */
const afterGrace = ({ replica, endMs }: Lost, { plan: { pod } }: Context) =>
  endMs >= (replica?.sigtermAtMs ?? Infinity) + pod.graceMs - pod.preStopMs - SLACK_MS;
/** It was SIGKILL that closed its listener, nothing before. */
const listenedToTheEnd = (replica: Replica, { refused }: Context) =>
  replica.states.every(({ state }) => state !== 'draining') &&
  (refused.get(replica) ?? Infinity) >= (replica.exit?.atMs ?? Infinity) - SLACK_MS;
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

  stuck: {
    fits: ({ kind, loss }) => kind === 'stuck' && loss.cause !== 'status',
    explain: (entries) => ({
      text:
        `${these(entries, 'request', 'requests')} that never ended, one for each replica that left, had to be cut: this ` +
        'scenario asks for it, and no setting would have answered them.',
    }),
  },

  killed: {
    fits: (entry, context) =>
      entry.replica?.killed === 'grace' &&
      (exitedBy(entry) || afterGrace(entry, context)) &&
      (isReset(entry) || (gotNobody(entry, context) && listenedToTheEnd(entry.replica, context))),
    explain: (entries, facts) => {
      const killed = replicasOf(entries);
      const { reaction, ...advice } = graceAdvice(killed, facts);
      return {
        text:
          `${these(entries, 'request was', 'requests were')} lost when SIGKILL ended ${names(killed)} ` +
          `${duration(facts.plan.pod.graceMs)} after the deletion: the grace period was over${afterStalls(killed)}. ${reaction}`,
        ...advice,
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
    explain: (entries, { plan }) => {
      const replicas = replicasOf(entries);
      const removedMs = Math.max(...replicas.map(removalMs));
      const windows = replicas.flatMap((replica) => windowMs(replica) ?? []);
      const enough = wholeSeconds(removedMs + 500);
      const when =
        `${these(entries, 'connection was', 'connections were')} refused ${sinceSigterm(entries)} after SIGTERM: ` +
        `endpoints were removed after ${duration(removedMs)},`;
      const listening = `go on listening for at least ${enough} after SIGTERM`;
      if (windows.length === 0 && replicas.every(({ exit }) => exit?.signal === plan.pod.stopSignal)) {
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

  ...CONNECTIONS,

  body: {
    fits: ({ loss }) => loss.cause === 'body',
    explain: (entries) => {
      const isShort = entries.filter(({ loss }) => loss.detail === 'cut short').length > entries.length / 2;
      return {
        text:
          `${these(entries, 'answer was', 'answers were')} damaged (${details(entries)}) by ` +
          `${names(replicasOf(entries))}, ${sinceSigterm(entries)} after SIGTERM, with a status and a length as if nothing were wrong.`,
        advice: isShort
          ? 'What an answer is made of must not end before it: close pools, files and caches after the last request.'
          : 'Each request has to get one answer, its own: what do requests share, and what does the shutdown write by itself?',
      };
    },
  },

  status: {
    fits: ({ loss }) => loss.cause === 'status',
    explain: (entries) => ({
      text:
        `${these(entries, 'request got', 'requests got')} the wrong answer (${details(entries)}) from ` +
        `${names(replicasOf(entries))}, ${sinceSigterm(entries)} after SIGTERM.`,
      advice: 'A service that leaves must serve, not reject, until nobody sends it anything.',
    }),
  },

  timeout: {
    fits: ({ loss }) => loss.cause === 'timeout',
    explain: (entries) => ({
      text:
        `${these(entries, 'request', 'requests')} to ${names(replicasOf(entries))} had no whole answer when the client ` +
        `gave up (${details(entries)}): the process had SIGTERM, and hung.`,
      advice:
        'A service that leaves must answer what it has accepted: what did it wait for, or close too soon?',
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
