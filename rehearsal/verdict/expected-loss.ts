import { traitsOf } from '../subject/states.ts';
import type { Facts } from './facts.ts';
import type { Result } from './result.ts';

/** Within this time of answers that say close, most kept clients have gone. */
const TOLD_MS = 2000;

/**
 * About how many requests had to be lost, for scenarios in which some have to be, from what was measured: how many
 * new connections a second there were, and for how long one of the endpoints led to nobody.
 */
export function expectedLoss({ plan, scenario, cluster }: Facts): Result['expected'] {
  const why = scenario.unavoidable;
  if (why === undefined) return undefined;
  const { replicas } = plan.deployment;
  if (plan.scenario === 'stuck-request') return { lost: replicas, why };

  const [victim] = cluster.replicas;
  const closedAtMs = victim?.closedAtMs;
  if (victim === undefined || closedAtMs === undefined) return undefined;
  const again = victim.states.find(({ state, fromMs }) => traitsOf(state).up === true && fromMs > closedAtMs);
  const removedAtMs = victim.inRotation.find(({ toMs }) => toMs > closedAtMs)?.toMs ?? Infinity;
  const gapMs = Math.max(0, Math.min(removedAtMs, again?.fromMs ?? Infinity) - closedAtMs);

  const { rate, fresh, clients } = plan.load;
  const endpoints = cluster.replicas.filter(({ inRotation }) =>
    inRotation.some(({ fromMs, toMs }) => fromMs <= closedAtMs && closedAtMs < toMs),
  );
  // The only one: kept clients, too, have nowhere else to go until it listens again.
  if (endpoints.length <= 1) {
    const untilBackMs = (again?.fromMs ?? removedAtMs) - closedAtMs;
    return Number.isFinite(untilBackMs) ? { lost: Math.round((untilBackMs / 1000) * rate), why } : undefined;
  }
  const toVictim = 1 / endpoints.length;
  // Clients that it still had come back at once, and each time with the same odds of meeting it again.
  const told = victim.sigtermAtMs !== undefined && victim.sigtermAtMs < closedAtMs - TOLD_MS;
  const comeBack = told ? 0 : ((clients / replicas) * toVictim) / (1 - toVictim);
  return { lost: Math.round((gapMs / 1000) * rate * fresh * toVictim + comeBack), why };
}
