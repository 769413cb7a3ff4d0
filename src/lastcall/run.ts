import { assemble } from './assembly.ts';
import { ConfigError, loadAll, type Loaded, type LoadOptions } from './config/config.ts';
import type { Defaults } from './config/defaults.ts';
import { maskSecrets } from './config/mask.ts';
import { type Schema, SCHEMA } from './config/schema.ts';
import { exit } from './lifecycle/exit.ts';
import { onStraySignal, SIGNALS } from './lifecycle/signals.ts';
import type { Listener } from './listener/listener.ts';
import { Management } from './management/management.ts';
import { probes } from './management/probes.ts';
import { superviseWithTerminus } from './management/terminus.ts';
import type { CreateApp } from './parts.ts';
import type { Room } from './room.ts';
import { watchDescriptors } from './telemetry/descriptor-watch.ts';
import { createLogger, logAddresses, logHealth, logLifecycle, logListening } from './telemetry/logger.ts';
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
  const loaded = load(env, { terminal: process.stdout.isTTY, variables: schema, rooms, defaults });
  const { config, variables } = loaded;
  const { logger, output } = await createLogger(config);
  const watched = config.log.format === 'pretty' && process.stdout.isTTY; // by a person, at a terminal
  const shown = { ...maskSecrets(config, SCHEMA), variables: maskSecrets(variables, schema) };
  logger.debug({ event: 'config', config: shown }, 'effective configuration');

  const { shutdown: settings, service } = config;
  const { lifecycle, hooks, health, scrapes, metrics, listeners, open } = assemble({
    ...loaded,
    createApp,
    rooms,
    logger,
    droppedLines: () => output.dropped,
    exit,
  });
  if (settings.terminationLog !== undefined) writeTerminationLog(settings.terminationLog, lifecycle, logger);
  logLifecycle(logger, lifecycle);
  logHealth(logger, health);
  watchDescriptors(logger);
  lifecycle.on('state', ({ state }) => {
    if (state === 'ready') {
      if (watched) logAddresses(logger, config, { listeners, management });
      else for (const { name, port } of listeners) logListening(logger, name, port);
    }
    // Behind the line that tells of the state, and with it.
    output.gathering = state === 'ready' && !config.log.sync;
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
  onStraySignal((signal) => lifecycle.signal(signal));
  const running: Service = { listeners, management, shutdown: async () => lifecycle.shutdown('shutdown') };
  const early = options.earlySignal?.();
  if (early !== undefined) {
    process.emit(early, early); // again, now that somebody listens
    return running;
  }

  await lifecycle.start(async () => {
    await management.start();
    if (!watched) logListening(logger, 'management', management.port);
    await open();
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
