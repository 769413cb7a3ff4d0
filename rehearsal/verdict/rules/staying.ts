import type { Replica } from '../../cluster/replica.ts';
import { livenessOf, names, replicasOf } from '../departures.ts';
import { count, these } from '../format.ts';
import { isOfTheMachine, kindOfLoss, wasLostBefore } from './background.ts';
import { afterSigterm, details, exitedBy, isOurs, type Lost, type Rule, SLACK_MS } from './rule.ts';

const inOutage = ({ replica, endMs }: Lost, cause: Replica['outages'][number]['cause']) =>
  replica?.outages.some(
    (outage) =>
      outage.cause === cause && endMs >= outage.fromMs - SLACK_MS && endMs <= outage.toMs + SLACK_MS,
  ) === true;

/** What is lost with replicas that were to stay. */
export const STAYING: Record<string, Rule> = {
  machine: {
    fits: isOfTheMachine,
    explain: (entries) => ({
      text:
        `${these(entries, 'request', 'requests')} could not be sent by this machine (${details(entries)}): ` +
        'it was out of ports, files or memory. The service has no part in it.',
      advice: 'Rehearse with a lower --rate, with less --fresh, or with a higher limit of open files.',
    }),
  },

  crash: {
    fits: (entry) => entry.replica?.killed === 'crash' && !afterSigterm(entry),
    explain: (entries) => ({
      text:
        `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))}, which crashed ` +
        `(${details(entries)}): it no longer listened while balancers still sent it connections.`,
      advice: 'Nothing can be set against it. More replicas make it a smaller share.',
    }),
  },

  ended: {
    fits: (entry) => entry.replica?.killed === undefined && inOutage(entry, 'exit'),
    explain: (entries) => {
      const replicas = replicasOf(entries);
      const ends = replicas.flatMap(({ outages }) => outages.map(({ how }) => how));
      return {
        text:
          `${these(entries, 'request was', 'requests were')} lost with ${names(replicas)}, which ended with ` +
          `${[...new Set(ends)].join(', ')} although nobody had asked for it (${details(entries)}).`,
        advice: 'Look at what it has logged last: it does not stand this load, or it has a limit of its own.',
      };
    },
  },

  liveness: {
    fits: (entry) => inOutage(entry, 'liveness'),
    explain: (entries, { plan }) => ({
      text:
        `${these(entries, 'request was', 'requests were')} lost because the kubelet restarted ` +
        `${names(replicasOf(entries))} (${details(entries)}): ${livenessOf(plan.pod.liveness)} failed.`,
      advice:
        'The liveness probe must fail only if a restart would help; give it a path and times that a busy process passes.',
      setting: 'livenessProbe',
    }),
  },

  idle: {
    fits: (entry) => entry.loss.cause === 'reset-kept' && !afterSigterm(entry) && !exitedBy(entry),
    explain: (entries, { plan }) => ({
      text:
        `${these(entries, 'request', 'requests')} met a kept connection that the program closed in that moment, ` +
        `although it was to stay (${details(entries)}).`,
      advice:
        'Is its keep-alive time-out shorter than clients pause? Make it longer than that of the load balancer, ' +
        'which is often 60 s.',
      setting: isOurs(plan) ? 'KEEP_ALIVE_TIMEOUT' : 'keep-alive time-out',
    }),
  },

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
};
