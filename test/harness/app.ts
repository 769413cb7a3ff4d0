// The app in the process of the test, put together as src/lastcall/run.ts does, without the management port. See README.md.
import { type Logger, pino } from 'pino';
import { loadAll } from '../../src/lastcall/config/config.ts';
import type { Defaults } from '../../src/lastcall/config/defaults.ts';
import { trafficListener } from '../../src/lastcall/http/traffic.ts';
import { Health } from '../../src/lastcall/lifecycle/health.ts';
import { Hooks } from '../../src/lastcall/lifecycle/hooks.ts';
import { Lifecycle } from '../../src/lastcall/lifecycle/lifecycle.ts';
import type { Listener } from '../../src/lastcall/listener/listener.ts';
import { Scrapes } from '../../src/lastcall/management/scrapes.ts';
import type { Schema } from '../../src/lastcall/config/schema.ts';
import type { CreateApp, Upgrader } from '../../src/lastcall/parts.ts';
import type { Room, Wiring } from '../../src/lastcall/room.ts';
import { createMetrics } from '../../src/lastcall/telemetry/metrics.ts';
import { FIXTURE } from '../fixture/sources.ts';
import { IN_PROCESS } from './environment.ts';
import { LogLines } from './log-lines.ts';
import { own } from './own.ts';

export interface TestApp {
  url: string;
  port: number;
  listener: Listener;
  log: LogLines;
  health: Health;
  /** What Prometheus would read. */
  metrics: () => Promise<string>;
  /** Cuts what is in flight and runs the hooks. At the end of the test at the latest. */
  close: () => Promise<void>;
}

/** What runs: the fixture, unless a test says otherwise. */
export interface Application<V extends Schema = Schema> {
  createApp: CreateApp<V>;
  variables: V;
  rooms: Room[];
  defaults?: Defaults;
}

/** Resolves when a listener has a request in flight. */
export async function requestInFlight(listener: Listener): Promise<void> {
  while (listener.inFlight().length === 0) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/**
 * Starts the app: start-up hooks run, health checks go round, metrics count. Rejects as the process would end, with the
 * error of the hook that failed.
 */
export async function startApp<V extends Schema = Schema>(
  env: Record<string, string> = {},
  application?: CreateApp | Application<V>,
): Promise<TestApp> {
  const {
    createApp,
    variables,
    rooms,
    defaults = {},
  } = (typeof application === 'function'
    ? { ...FIXTURE, createApp: application }
    : (application ?? FIXTURE)) as unknown as Application;
  const loaded = loadAll({ ...IN_PROCESS, ...env }, { terminal: false, variables, rooms, defaults });
  const { config, settingsOf } = loaded;
  const log = new LogLines();
  const logger: Logger = pino({ formatters: { level: (label) => ({ level: label }) } }, log);
  const { shutdown: settings, service } = config;
  const hooks = new Hooks(settings.cleanupTimeoutMs);
  const health = new Health(config.health);
  const listeners: Listener[] = [];
  const lifecycle = new Lifecycle({
    settings,
    hooks,
    listeners,
    scrapes: new Scrapes(),
    exit: () => log.end(() => 'the app was closed'),
  });
  const hookNames = () => hooks.names;
  const metrics = createMetrics({ service, lifecycle, listeners, hookNames, health, droppedLines: () => 0 });
  const leaving = new AbortController();
  let failure: unknown;
  lifecycle.on('fatal', ({ error }) => (failure ??= error));
  lifecycle.on('state', ({ state }) => {
    if (state === 'ready') health.start();
    if (state === 'lame-duck') leaving.abort();
    if (state === 'cleanup') health.stop();
  });
  const close = async () => lifecycle.shutdown();
  own(close);

  await lifecycle.start(async () => {
    const upgraders: Upgrader[] = [];
    const onUpgrade = (upgrader: Upgrader) => void upgraders.push(upgrader);
    const { signal: shutdownSignal } = leaving;
    const handler = await createApp({
      ...loaded,
      logger,
      hooks,
      health,
      metrics,
      shutdownSignal,
      onUpgrade,
    });
    if (handler === undefined) throw new Error('it has no HTTP: start it as a process');
    const listen: Wiring['listen'] = (own) => {
      const listener = trafficListener({ config, handler, upgraders, metrics, logger }, own);
      listeners.push(listener);
      return listener;
    };
    listen({ name: 'http', port: config.http.port });
    for (const room of rooms) room.open?.(settingsOf(room), { hooks, logger, metrics, listen });
  });
  if (failure !== undefined) throw failure;
  const [listener] = listeners;
  if (listener === undefined) throw new Error('there is no listener');
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    listener,
    log,
    health,
    metrics: async () => (await metrics.expose()).body,
    close,
  };
}
