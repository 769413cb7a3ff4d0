import type { Logger } from 'pino';
import type { Loaded } from './config/config.ts';
import type { Schema } from './config/schema.ts';
import { trafficListener } from './http/traffic.ts';
import { Health } from './lifecycle/health.ts';
import { Hooks } from './lifecycle/hooks.ts';
import { Lifecycle } from './lifecycle/lifecycle.ts';
import type { Listener } from './listener/listener.ts';
import { admission } from './overload/admission.ts';
import { Scrapes } from './management/scrapes.ts';
import type { CreateApp, Upgrader } from './parts.ts';
import type { Room, Wiring } from './room.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { Tracing } from './telemetry/tracing.ts';

export interface AssemblyOptions<V extends Schema> extends Loaded<V> {
  createApp: CreateApp<V>;
  rooms: Room[];
  logger: Logger;
  /** Lines of the log that were lost. */
  droppedLines: () => number;
  /** Called with the exit code when the lifecycle has come to its end. */
  exit: (code: number) => void;
}

/** A service without its process: what is left to `run` is the log, the management port, signals and the exit. */
export interface Assembly {
  lifecycle: Lifecycle;
  hooks: Hooks;
  health: Health;
  scrapes: Scrapes;
  metrics: Metrics;
  /** Filled by {@link open}. */
  listeners: Listener[];
  /** Makes the application and its listeners; none if it has no HTTP. To be called while the lifecycle starts. */
  open: () => Promise<void>;
}

export function assemble<V extends Schema>(options: AssemblyOptions<V>): Assembly {
  const { createApp, rooms, logger, droppedLines, exit, config, variables, plainHttp, settingsOf } = options;
  const { shutdown: settings, service } = config;
  const hooks = new Hooks(settings.cleanupTimeoutMs);
  const health = new Health(config.health);
  const scrapes = new Scrapes();
  const listeners: Listener[] = [];
  const lifecycle = new Lifecycle({ settings, hooks, listeners, scrapes, exit });
  const hookNames = () => hooks.names;
  const metrics = createMetrics({ service, lifecycle, listeners, hookNames, health, droppedLines });
  const leaving = new AbortController();

  const open = async () => {
    // Behind those who log a state: what features do about it is told after it.
    lifecycle.on('state', ({ state }) => {
      if (state === 'ready') health.start();
      if (state === 'lame-duck') leaving.abort();
      if (state === 'cleanup') health.stop(); // the hooks close what the checks look at
    });
    const ground = { config, hooks, lifecycle, logger, metrics };
    let tracing: Tracing | undefined;
    for (const room of rooms) {
      const prepared = await room.prepare?.(settingsOf(room), ground);
      tracing ??= prepared;
    }
    const upgraders: Upgrader[] = [];
    const onUpgrade = (upgrader: Upgrader) => void upgraders.push(upgrader);
    const { signal: shutdownSignal } = leaving;
    const parts = {
      config,
      variables,
      settingsOf,
      logger,
      hooks,
      health,
      metrics,
      tracing,
      shutdownSignal,
      onUpgrade,
    };
    const handler = await createApp(parts);
    if (handler === undefined) return;
    const gate = admission(config, logger, metrics);
    const listen: Wiring['listen'] = (own) => {
      const listener = trafficListener({ config, handler, upgraders, gate, metrics, tracing, logger }, own);
      listeners.push(listener);
      return listener;
    };
    if (plainHttp) listen({ name: 'http', port: config.http.port });
    for (const room of rooms) room.open?.(settingsOf(room), { hooks, logger, metrics, listen });
  };
  return { lifecycle, hooks, health, scrapes, metrics, listeners, open };
}
