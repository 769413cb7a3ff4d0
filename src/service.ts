import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { type AppParts, createApp } from './app.ts';
import { type CertificateFiles, CertificateWatcher } from './certificate.ts';
import { type Config, ConfigError, loadConfig, maskSecrets } from './config.ts';
import { Health } from './lifecycle/health.ts';
import { Hooks } from './lifecycle/hooks.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import { Listener, type ListenerOptions, type UpgradeHandler } from './lifecycle/listener.ts';
import { SIGNALS } from './lifecycle/signals.ts';
import { superviseWithTerminus } from './lifecycle/terminus.ts';
import { Management, probes } from './management.ts';
import { answerClientError, rawProblem } from './problem.ts';
import { routeOf } from './route-table.ts';
import { Scrapes } from './scrapes.ts';
import { createLogger, logCertificate, logHealth, logLifecycle, logListening } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { writeTerminationLog } from './telemetry/termination-log.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
/** `/lifecycle` lists the oldest of them. */
const MAX_SHOWN_REQUESTS = 100;

export interface Service {
  listeners: Listener[];
  management: Management;
  /** Winds down and ends the process, as a signal does. */
  shutdown: () => Promise<void>;
}

export interface RunOptions {
  /** Makes the application; the service's own by default. */
  app?: (parts: AppParts) => RequestListener | Promise<RequestListener>;
  /** Ends the trap of main.ts and tells which signal came before anybody could act on it. */
  earlySignal?: () => NodeJS.Signals | undefined;
}

/**
 * Starts the service: reads the configuration, opens the management port, runs the start-up hooks, opens the
 * traffic listeners. Returns when the service is ready, or when the process is about to end.
 *
 * Exits with 78 if the configuration can't be used, and with 1 if the start fails.
 */
export async function run(env: NodeJS.ProcessEnv, options: RunOptions = {}): Promise<Service> {
  const config = readConfig(env);
  const logger = await createLogger(config);
  logger.debug({ event: 'config', config: maskSecrets(config) }, 'effective configuration');

  const { shutdown: settings, service, http, tls } = config;
  const hooks = new Hooks(settings.cleanupTimeoutMs);
  const health = new Health(config.health);
  const scrapes = new Scrapes();
  const listeners: Listener[] = []; // filled when there is an application to listen for
  const lifecycle = new Lifecycle({
    settings,
    hooks,
    listeners,
    scrapes,
    exit: (code) => process.exit(code),
  });
  const hookNames = () => hooks.names;
  const metrics = createMetrics({ service, lifecycle, listeners, hookNames, health });

  logLifecycle(logger, lifecycle);
  logHealth(logger, health);
  if (settings.terminationLog !== undefined) writeTerminationLog(settings.terminationLog, lifecycle, logger);
  lifecycle.on('state', ({ state }) => {
    if (state === 'ready') health.start();
    if (state === 'ready') for (const { name, port } of listeners) logListening(logger, name, port);
    if (state === 'cleanup') health.stop(); // the hooks close what the checks look at
  });
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => lifecycle.fatal(kind, error));
  }

  const management = new Management({
    ...config.management,
    serviceName: service.name,
    lifecycle,
    scrapes,
    metrics: metrics.expose,
    details: () => ({
      inFlight: listeners.flatMap((listener) => listener.inFlight()).slice(0, MAX_SHOWN_REQUESTS),
      hooks: hooks.names,
    }),
  });
  superviseWithTerminus(management.server, {
    probes: probes(lifecycle, health, settings),
    signals: SIGNALS,
    onSignal: (signal) => lifecycle.signal(signal),
    windDown: async () => lifecycle.shutdown(),
  });
  const running: Service = { listeners, management, shutdown: async () => lifecycle.shutdown('shutdown') };
  const early = options.earlySignal?.();
  if (early !== undefined) {
    process.emit(early, early); // again, now that somebody listens
    return running;
  }

  /** The HTTPS listener, whose certificate is renewed when its files change. */
  function serveTls(options: Omit<ListenerOptions, 'certificate'> & CertificateFiles): Listener {
    const watcher = new CertificateWatcher(options);
    const listener = new Listener({ ...options, certificate: watcher.certificate });
    watcher.on('renewed', (certificate) => listener.setCertificate(certificate));
    watcher.start();
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
    return listener;
  }

  await lifecycle.start(async () => {
    await management.start();
    logListening(logger, 'management', management.port);
    const upgraders: ((...args: Parameters<UpgradeHandler>) => boolean)[] = [];
    const onUpgrade: AppParts['onUpgrade'] = (upgrader) => upgraders.push(upgrader);
    const parts = { config, logger, hooks, health, metrics, onUpgrade };
    const handler = await (options.app ?? createApp)(parts);
    const shared = { ...http, handler, onClientError: answerClientError, describe };
    listeners.push(new Listener({ ...shared, name: 'http' }));
    if (tls !== undefined) listeners.push(serveTls({ ...shared, ...tls, name: 'https' }));
    for (const listener of listeners) {
      listener.onRequestEnd = (request) => metrics.observeRequest(request, routeOf(request.req));
      listener.onError = (error) => lifecycle.fatal('listener-error', error);
      if (upgraders.length > 0) {
        listener.onUpgrade((req, socket, head) => {
          if (!upgraders.some((upgrader) => upgrader(req, socket, head))) refuseUpgrade(socket);
        });
      }
    }
  });
  return running;
}

function refuseUpgrade(socket: Socket): void {
  socket.write(rawProblem(404, 'no WebSocket is here'));
  socket.destroySoon();
}

function describe(req: IncomingMessage) {
  return { route: routeOf(req), requestId: typeof req.id === 'string' ? req.id : undefined };
}

function readConfig(env: NodeJS.ProcessEnv): Config {
  try {
    return loadConfig(env, process.stdout.isTTY);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map((problem) => `  ${problem}\n`).join('');
    process.stderr.write(`${error.message}, nothing was started:\n${lines}`);
    process.exit(EXIT_CONFIG);
  }
}
