import { ConfigError, loadAll, type Loaded, type LoadOptions } from './config/config.ts';
import type { Defaults } from './config/defaults.ts';
import { maskSecrets } from './config/mask.ts';
import { type Schema, SCHEMA } from './config/schema.ts';
import { trafficListener } from './http/traffic.ts';
import { Health } from './lifecycle/health.ts';
import { Hooks } from './lifecycle/hooks.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import { SIGNALS } from './lifecycle/signals.ts';
import type { Listener } from './listener/listener.ts';
import { Management } from './management/management.ts';
import { probes } from './management/probes.ts';
import { Scrapes } from './management/scrapes.ts';
import { superviseWithTerminus } from './management/terminus.ts';
import type { CreateApp, Upgrader } from './parts.ts';
import type { Room, Wiring } from './room.ts';
import { createLogger, logAddresses, logHealth, logLifecycle, logListening } from './telemetry/logger.ts';
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

export interface RunOptions<V extends Schema> {
  createApp: CreateApp<V>;
  /** Of the service itself; none unless they are said. */
  variables?: V;
  /** In use; none unless they are said. */
  rooms?: Room[];
  /** Of the service, for variables of the engine: `{ PORT: '3000' }`. */
  defaults?: Defaults;
  /** Ends the trap of main.ts and tells which signal came before anybody could act on it. */
  earlySignal?: () => NodeJS.Signals | undefined;
}

/**
 * Starts the service: reads the configuration, opens the management port, runs the start-up hooks, opens the
 * traffic listeners. Returns when the service is ready, or when the process is about to end.
 *
 * Exits with 78 if the configuration can't be used, and with 1 if the start fails.
 */
export async function run<V extends Schema>(
  env: NodeJS.ProcessEnv,
  options: RunOptions<V>,
): Promise<Service> {
  const { createApp, variables: schema = {} as V, rooms = [], defaults = {} } = options;
  const { config, variables, settingsOf } = load(env, {
    terminal: process.stdout.isTTY,
    variables: schema,
    rooms,
    defaults,
  });
  const { logger, output } = await createLogger(config);
  const droppedLines = () => output.dropped;
  const watched = config.log.format === 'pretty' && process.stdout.isTTY; // by a person, at a terminal
  const shown = { ...maskSecrets(config, SCHEMA), variables: maskSecrets(variables, schema) };
  logger.debug({ event: 'config', config: shown }, 'effective configuration');

  const { shutdown: settings, service } = config;
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
  const metrics = createMetrics({ service, lifecycle, listeners, hookNames, health, droppedLines });

  const leaving = new AbortController();
  logLifecycle(logger, lifecycle);
  logHealth(logger, health);
  if (settings.terminationLog !== undefined) writeTerminationLog(settings.terminationLog, lifecycle, logger);
  lifecycle.on('state', ({ state }) => {
    if (state === 'ready') {
      health.start();
      if (watched) logAddresses(logger, config, { listeners, management });
      else for (const { name, port } of listeners) logListening(logger, name, port);
    }
    // Behind the line that tells of the state, and with it.
    output.gathering = state === 'ready' && !config.log.sync;
    if (state === 'lame-duck') leaving.abort();
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

  await lifecycle.start(async () => {
    await management.start();
    if (!watched) logListening(logger, 'management', management.port);
    const upgraders: Upgrader[] = [];
    const onUpgrade = (upgrader: Upgrader) => void upgraders.push(upgrader);
    const parts = {
      config,
      variables,
      settingsOf,
      logger,
      hooks,
      health,
      metrics,
      shutdownSignal: leaving.signal,
      onUpgrade,
    };
    const handler = await createApp(parts);
    if (handler === undefined) return;
    const listen: Wiring['listen'] = (own) => {
      const listener = trafficListener({ config, handler, upgraders, metrics, logger }, own);
      listeners.push(listener);
      return listener;
    };
    listen({ name: 'http', port: config.http.port });
    for (const room of rooms) room.open?.(settingsOf(room), { hooks, logger, metrics, listen });
    for (const listener of listeners) {
      listener.onError = (error) => lifecycle.fatal('listener-error', error);
    }
  });
  return running;
}

function load<V extends Schema>(env: NodeJS.ProcessEnv, options: LoadOptions<V>): Loaded<V> {
  try {
    return loadAll(env, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map((problem) => `  ${problem}\n`).join('');
    process.stderr.write(`${error.message}, nothing was started:\n${lines}`);
    process.exit(EXIT_CONFIG);
  }
}
