import type { Facts } from './facts.ts';
import { type Lost, SLACK_MS } from './rules/rule.ts';

/**
 * Whether no setting would have kept it: a request that outlasts every shutdown, one to a process that crashed or to one
 * that was evicted and closed its listener while nobody had been told.
 */
export function isUnavoidable({ kind, replica, loss, endMs }: Lost, { plan, cluster }: Facts): boolean {
  if (kind === 'stuck') return true;
  const crashed = cluster.replicas.filter(({ killed }) => killed === 'crash');
  if (replica === undefined) return crashed.length > 0 && plan.deployment.replicas === 1;
  if (crashed.includes(replica)) {
    return replica.outages.some(({ fromMs, toMs }) => endMs >= fromMs - SLACK_MS && endMs <= toMs + SLACK_MS);
  }
  return (
    replica.evicted &&
    endMs >= (replica.sigtermAtMs ?? 0) &&
    (loss.cause === 'refused' ||
      (loss.cause === 'reset-new' && endMs >= (replica.closedAtMs ?? Infinity) - SLACK_MS))
  );
}
