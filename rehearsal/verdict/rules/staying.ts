import type { Cause } from '../../load/ledger.ts';
import type { Replica } from '../../cluster/replica.ts';
import { livenessOf, names, replicasOf } from '../departures.ts';
import { count, these } from '../format.ts';
import { isOfTheMachine } from './background.ts';
import { closingHabit, closuresWithoutCause, saidOf } from './closing.ts';
import { afterSigterm, details, type Known, type Lost, momentOf, type Rule, SLACK_MS } from './rule.ts';

const inOutage = ({ replica, endMs }: Lost, cause: Replica['outages'][number]['cause']) =>
  replica?.outages.some(
    (outage) =>
      outage.cause === cause && endMs >= outage.fromMs - SLACK_MS && endMs <= outage.toMs + SLACK_MS,
  ) === true;

/** What an event explains that has nothing to do with anybody leaving. */
export const EVENTS: Record<string, Rule<Known>> = {
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
};

/** From this share of all requests on, hardly anything works. */
const MOST = 0.3;

const ALWAYS: Record<Cause, string> = {
  'no-endpoint': 'Its endpoints come and go by themselves: look at its probes before its shutdown.',
  timeout: 'It hangs now and then, whatever else happens: look for that before its shutdown.',
  status:
    'It answers so by itself now and then, or the paths are not its own: look at that before its shutdown.',
  body: 'Its answers are damaged by themselves now and then: look at that before its shutdown.',
  broken: 'It breaks answers off by itself now and then: look at that before its shutdown.',
  refused:
    'It does not listen all the time, or its queue of new connections is full: look at that before its shutdown.',
  'reset-new': 'It resets new connections by itself now and then: look at that before its shutdown.',
  'reset-kept': 'It resets kept connections by itself now and then: look at that before its shutdown.',
};

/** What the program loses by itself, whether or not anybody leaves. */
export const STAYING: Record<string, Rule> = {
  habit: {
    fits: (entry, { background }) =>
      entry.loss.cause === 'reset-kept' &&
      entry.replica !== undefined &&
      (!afterSigterm(entry) || background.isAlways(entry)),
    explain: (entries, facts) => {
      const habit = closingHabit([
        ...closuresWithoutCause(facts),
        ...entries.flatMap(({ onKept }) => onKept ?? []),
      ]);
      const met =
        `${these(entries, 'request', 'requests')} met a kept connection that the program closed in that moment, ` +
        `although it was to stay (${details(entries)})`;
      return saidOf(habit, met, facts.plan);
    },
  },

  always: {
    fits: (entry, { background }) => entry.replica !== undefined && background.isAlways(entry),
    explain: (entries, { ledger, changeFromMs }) => {
      const before = entries.filter((entry) => momentOf(entry) < changeFromMs).length;
      const often = Math.round(ledger.entries.length / entries.length);
      const share = often > 1 ? `about one of every ${count(often)}, ` : '';
      const when =
        before > 0
          ? `${count(before)} of them before anything had changed`
          : 'with replicas that were to stay';
      return {
        text: `${these(entries, 'request was', 'requests were')} lost, ${when} (${details(entries)}): ${share}whether or not anybody leaves.`,
        advice:
          entries.length > MOST * ledger.entries.length
            ? 'The program does not stand this load, or the paths are not its own: look at that first.'
            : ALWAYS[entries[0]?.loss.cause ?? 'status'],
      };
    },
  },

  strain: {
    fits: (entry, { background }) => entry.replica !== undefined && background.isStrain(entry),
    explain: (entries, { plan }) => ({
      text:
        `${these(entries, 'request was', 'requests were')} lost with ${names(replicasOf(entries))} during the change, though ` +
        `nobody had told that to go (${details(entries)}).`,
      ...(plan.deployment.maxUnavailable > 0
        ? {
            advice:
              'The replicas that are left do not stand the load of all: set maxUnavailable to 0, or have more of them.',
            setting: 'maxUnavailable',
          }
        : {
            advice:
              'Those that stay do not stand the load while others come and go: have more of them, or let new ones warm up ' +
              'before they are ready.',
            setting: 'replicas',
          }),
    }),
  },
};
