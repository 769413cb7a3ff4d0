import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { shedMetric } from '../telemetry/http-metrics.ts';
import type { MetricFactory } from '../telemetry/metric-factory.ts';
import { refuse } from './problem.ts';
import { identify } from './request-log.ts';

/** How often the event loop is asked to be on time. It is part of what the histogram holds. */
const RESOLUTION_MS = 10;
/** Over which the delay is judged, and after which a client may try again. */
const WINDOW_MS = 1000;

/**
 * Refuses requests with 503 and `Retry-After` while the event loop is late: those that are served are then served in
 * time, instead of all of them too late. Probes and metrics have a listener of their own, which refuses nothing.
 *
 * It comes first, because a refusal has to cost less than an answer. So there is one log line a second for all of them;
 * the metrics count each.
 *
 * @param limitMs of the p99 of the delay over the last second or, if no request came for longer, since the last one
 * @param metrics where refusals are counted apart; without, they are errors like any other
 */
export function shedLoad(
  limitMs: number,
  logger: Logger,
  metrics?: Pick<MetricFactory, 'registry'>,
): RequestHandler {
  const counter = metrics && shedMetric(metrics.registry);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let judgedAt = performance.now();
  let overloaded = false;
  let shed = 0;

  const judge = () => {
    const now = performance.now();
    if (now - judgedAt < WINDOW_MS) return;
    judgedAt = now;
    const p99Ms = Math.max(0, Math.round(delay.percentile(99) / 1e6) - RESOLUTION_MS);
    delay.reset();
    const before = overloaded;
    overloaded = p99Ms > limitMs;
    if (!overloaded && !before) return;
    const line = { event: 'overload', overloaded, p99Ms, limitMs, shed };
    shed = 0;
    if (overloaded) logger.warn(line, `event loop is ${p99Ms} ms late: shedding load`);
    else logger.info(line, `event loop is ${p99Ms} ms late: serving again`);
  };
  return (req, res, next) => {
    judge();
    if (!overloaded) {
      next();
      return;
    }
    shed++;
    counter?.inc();
    res.setHeader('Retry-After', WINDOW_MS / 1000);
    refuse(res, 503, 'overloaded, please try again later', identify(req, res));
  };
}
