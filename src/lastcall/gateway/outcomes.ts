import type { MetricFactory } from '../telemetry/metrics.ts';
import type { GatewayTarget } from './targets.ts';

/** How a proxied request ended; `ok` is any whole answer of the target, whatever its status. */
const OUTCOMES = ['ok', 'unreachable', 'timeout', 'broken', 'aborted', 'upgraded'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Counts how a request ended. */
export type CountOutcome = (target: GatewayTarget, outcome: Outcome, durationMs?: number) => void;

/** The metrics of the gateway; every series of the counter exists with 0 from the start. */
export function outcomeMetrics(metrics: MetricFactory, targets: GatewayTarget[]): CountOutcome {
  const requests = metrics.counter('gateway_requests_total', 'Proxied requests by how they ended.', [
    'target',
    'outcome',
  ]);
  const durations = metrics.histogram(
    'gateway_upstream_duration_seconds',
    'Time from the request to the end of the answer of a target.',
    ['target'],
  );
  for (const { name } of targets) for (const outcome of OUTCOMES) requests.inc({ target: name, outcome }, 0);
  return ({ name: target }, outcome, durationMs) => {
    requests.inc({ target, outcome });
    if (durationMs !== undefined) durations.observe({ target }, durationMs / 1000);
  };
}
