import type { RequestListener } from 'node:http';
import type { Logger } from 'pino';
import type { SettingsOf } from './config/config.ts';
import type { Config, Schema, ValuesOf } from './config/schema.ts';
import type { Health } from './lifecycle/health.ts';
import type { Hooks } from './lifecycle/hooks.ts';
import type { UpgradeHandler } from './listener/upgrades.ts';
import type { MetricFactory } from './telemetry/metric-factory.ts';
import type { Tracing } from './telemetry/tracing.ts';

/** Takes a WebSocket and says true, or leaves it to the next. */
export type Upgrader = (...args: Parameters<UpgradeHandler>) => boolean;

/** What the application gets from the service that it runs in. */
export interface AppParts<V extends Schema = Schema> {
  config: Config;
  /** The values of the service's own variables. */
  variables: ValuesOf<V>;
  /** The values of the variables of a room that is in use. */
  settingsOf: SettingsOf;
  logger: Logger;
  /** Open and close what you own: `hooks.add({ name: 'db', start: () => pool.query('select 1'), stop: () => pool.end() })`. */
  hooks: Hooks;
  /** Look after what you need: `health.add('db', () => pool.query('select 1'))`. */
  health: Health;
  /** Metrics of your own. */
  metrics: MetricFactory;
  /** For parts of the engine; undefined: nothing is traced. Spans of your own come from `@opentelemetry/api`. */
  tracing: Tracing | undefined;
  /**
   * Fires when the process is told to leave, for work that no request has asked for: a consumer takes no new job from
   * then on. The hooks stop later, after the drain.
   */
  shutdownSignal: AbortSignal;
  /** Takes WebSockets; upgraders are asked in turn. */
  onUpgrade: (upgrader: Upgrader) => void;
}

/** Makes the application; undefined: it has no HTTP, and there is no listener but that of the management port. */
export type CreateApp<V extends Schema = Schema> = (
  parts: AppParts<V>,
) => RequestListener | undefined | Promise<RequestListener | undefined>;
