import type { IncomingMessage, RequestListener } from 'node:http';
import type { Logger } from 'pino';
import type { Upgrader } from '../../service/app.ts';
import { CertificateWatcher } from '../tls/certificate.ts';
import type { Config } from '../config/config.ts';
import { Listener } from '../listener/listener.ts';
import { refuseAsProblem, rawProblem } from './problem.ts';
import { routeOf } from './route-table.ts';
import { logCertificate, logListener } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** The listeners of the application, not open yet: HTTP, and HTTPS when it is configured. */
export function trafficListeners(options: {
  config: Pick<Config, 'http' | 'tls'>;
  handler: RequestListener;
  /** Asked in turn for each WebSocket; without any, an upgrade is a request like any other. */
  upgraders: Upgrader[];
  metrics: Metrics;
  logger: Logger;
}): Listener[] {
  const { config, handler, upgraders, metrics, logger } = options;
  const shared = { ...config.http, handler, refuse: refuseAsProblem, describe };
  const listeners = [new Listener({ ...shared, name: 'http' })];

  if (config.tls !== undefined) {
    const watcher = new CertificateWatcher(config.tls);
    const { certificate } = watcher;
    const listener = new Listener({ ...shared, name: 'https', port: config.tls.port, certificate });
    watcher.on('renewed', (renewed) => listener.setCertificate(renewed));
    watcher.start();
    showCertificate(watcher, metrics, logger);
    listeners.push(listener);
  }

  for (const listener of listeners) {
    logListener(logger, listener);
    listener.onRequestEnd = (request) => metrics.observeRequest(request, routeOf(request.req));
    if (upgraders.length === 0) continue;
    listener.onUpgrade((req, socket, head) => {
      if (upgraders.some((upgrader) => upgrader(req, socket, head))) return;
      socket.write(rawProblem(404, 'no WebSocket is here'));
      socket.destroySoon();
    });
  }
  return listeners;
}

function showCertificate(watcher: CertificateWatcher, metrics: Metrics, logger: Logger): void {
  logCertificate(logger, watcher);
  metrics.gauge(
    'tls_certificate_last_reload_successful',
    '1 if the certificate on disk is the one in use, 0 if it can not be used.',
    () => (watcher.upToDate ? 1 : 0),
  );
  metrics.gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires.',
    () => watcher.expiresAt,
  );
}

function describe(req: IncomingMessage) {
  return { route: routeOf(req), requestId: typeof req.id === 'string' ? req.id : undefined };
}
