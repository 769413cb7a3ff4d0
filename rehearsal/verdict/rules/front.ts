import { FRONTS } from '../../cluster/front/kinds.ts';
import { names, replicasOf, sinceSigterm } from '../departures.ts';
import { these } from '../format.ts';
import { hasBeenWorkedOn } from './connections.ts';
import { afterSigterm, details, type Rule } from './rule.ts';

/** What is lost between a proxy and the replicas; what those refuse is explained as it is without one. */
export const FRONT: Record<string, Rule> = {
  closedUnderIt: {
    fits: (entry, context) =>
      context.plan.network.front !== undefined &&
      (entry.loss.cause === 'reset-kept' || entry.loss.cause === 'reset-new') &&
      // HAProxy says nothing then, not even which replica it was: the client is to try again.
      (entry.replica === undefined
        ? entry.endMs >= context.changeFromMs
        : afterSigterm(entry) && !hasBeenWorkedOn(entry, context)),
    explain: (entries, { plan }) => {
      const { title } = FRONTS[plan.network.front ?? 'nginx'];
      const known = replicasOf(entries);
      const who = known.length === 0 ? 'a replica' : names(known);
      const when = known.length === 0 ? '' : `, ${sinceSigterm(entries.filter(afterSigterm))} after SIGTERM`;
      return {
        text:
          `${these(entries, 'request was', 'requests were')} lost (${details(entries)}) because ${title} had sent them ` +
          `on a connection that ${who} closed${when}.`,
        advice:
          'Leave idle connections open until the endpoint is gone, and say Connection: close in every answer from ' +
          'SIGTERM on: a proxy keeps its connections for as long as it may.',
        setting: 'Connection: close',
      };
    },
  },
};
