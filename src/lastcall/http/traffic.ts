import type { IncomingMessage, RequestListener } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { type Certificate, Listener } from '../listener/listener.ts';
import type { Upgrader } from '../parts.ts';
import { logListener } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { messageClasses } from './message-classes.ts';
import { rawProblem, refuseAsProblem } from './problem.ts';
import { routeOf } from './route-table.ts';

export interface TrafficOptions {
  config: Pick<Config, 'http'>;
  handler: RequestListener;
  /** Asked in turn for each WebSocket; without any, an upgrade is a request like any other. */
  upgraders: Upgrader[];
  metrics: Metrics;
  logger: Logger;
}

/** One listener of the application, not open yet; a certificate makes it HTTPS. */
export function trafficListener(
  { config, handler, upgraders, metrics, logger }: TrafficOptions,
  own: { name: string; port: number; certificate?: Certificate },
): Listener {
  const listener = new Listener({
    ...config.http,
    handler,
    messages: messageClasses(handler),
    refuse: refuseAsProblem,
    describe,
    ...own,
  });
  logListener(logger, listener);
  listener.onRequestEnd = (request) => metrics.observeRequest(request, routeOf(request.req));
  if (upgraders.length > 0) {
    listener.onUpgrade((req, socket, head) => {
      if (upgraders.some((upgrader) => upgrader(req, socket, head))) return;
      socket.write(rawProblem(404, 'no WebSocket is here'));
      socket.destroySoon();
    });
  }
  return listener;
}

function describe(req: IncomingMessage) {
  return { route: routeOf(req), requestId: typeof req.id === 'string' ? req.id : undefined };
}
