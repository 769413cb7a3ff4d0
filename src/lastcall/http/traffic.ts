import type { IncomingMessage, RequestListener } from 'node:http';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Gate } from '../listener/gate.ts';
import { type Certificate, Listener } from '../listener/listener.ts';
import { http } from '../listener/node-http.ts';
import type { Refuse } from '../listener/refusal.ts';
import type { Upgrader } from '../parts.ts';
import { logListener } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { refusalLog } from '../telemetry/refusal-log.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { messageClasses } from './message-classes.ts';
import { rawProblem, refuseAsProblem } from './problem.ts';
import { requestLog } from './request-log.ts';
import { routeOf } from './route-table.ts';

export interface TrafficOptions {
  config: Pick<Config, 'http'>;
  handler: RequestListener;
  /** Asked in turn for each WebSocket; without any, an upgrade is a request like any other. */
  upgraders: Upgrader[];
  gate: Gate | undefined;
  metrics: Metrics;
  tracing: Tracing | undefined;
  logger: Logger;
}

/** One listener of the application, not open yet; a certificate makes it HTTPS. */
export function trafficListener(
  { config, handler, upgraders, gate, metrics, tracing, logger }: TrafficOptions,
  own: { name: string; port: number; certificate?: Certificate },
): Listener {
  const log = requestLog(logger);
  const refuse: Refuse = (refusal, to) => {
    // What the application has not seen has no line and no id yet.
    if (to instanceof http.ServerResponse && !('log' in to.req)) {
      log(to.req as Request, to as Response, () => undefined);
    }
    refuseAsProblem(refusal, to);
  };
  const listener = new Listener({
    ...config.http,
    handler: tracing === undefined ? handler : (req, res) => tracing.serve(req, res, handler),
    gate,
    messages: messageClasses(handler),
    refuse,
    describe,
    ...own,
  });
  logListener(logger, listener);
  countRefusals(listener, metrics, logger);
  listener.onRequestEnd = (request) => {
    const route = routeOf(request.req);
    tracing?.ended(request, route);
    metrics.observeRequest(request, route);
  };
  if (upgraders.length > 0) {
    listener.onUpgrade((req, socket, head) => {
      if (upgraders.some((upgrader) => upgrader(req, socket, head))) return;
      listener.onRefusedRequest?.(404);
      socket.write(rawProblem(404, 'no WebSocket is here'));
      socket.destroySoon();
    });
  }
  return listener;
}

/** What never becomes a request has no line and no duration. */
function countRefusals(listener: Listener, metrics: Metrics, logger: Logger): void {
  const count = metrics.refusalsOf(listener.name);
  const log = refusalLog(logger, listener.name);
  listener.onRefused = (reason) => {
    count.connection(reason);
    log(reason);
  };
  listener.onRefusedRequest = (status) => {
    count.request(status);
    log(status);
  };
  listener.onStalled = () => log('stalled');
}

function describe(req: IncomingMessage) {
  const { id, traceId } = req;
  return { route: routeOf(req), requestId: typeof id === 'string' ? id : undefined, trace_id: traceId };
}
