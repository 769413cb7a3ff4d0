import type { Facts } from './facts.ts';
import { type Lost, SLACK_MS } from './rules/rule.ts';

/**
 * Whether no setting would have kept it: a request that outlasts every shutdown, one to a process that crashed or to one
 * that was evicted and closed its listener while nobody had been told.
 */
export function isUnavoidable({ kind, replica, loss, endMs }: Lost, { plan, cluster }: Facts): boolean {
  if (kind === 'stuck') return true;
  if (replica === undefined)
    return plan.deployment.replicas === 1 && cluster.replicas.some(({ killed }) => killed === 'crash');
  const { crashedAtMs } = replica;
  if (crashedAtMs !== undefined) {
    const backAtMs = replica.outages.find(({ fromMs }) => fromMs >= crashedAtMs)?.toMs ?? Infinity;
    return endMs >= crashedAtMs && endMs <= backAtMs + SLACK_MS;
  }
  return (
    replica.evicted &&
    (loss.cause === 'refused' ||
      (loss.cause === 'reset-new' && endMs >= (replica.closedAtMs ?? Infinity) - SLACK_MS))
  );
}
