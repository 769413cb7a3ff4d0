import type { Logger } from 'pino';
import type { RoomVariables } from './config/config.ts';
import type { Config, Schema, ValuesOf } from './config/schema.ts';
import type { Hooks } from './lifecycle/hooks.ts';
import type { Lifecycle } from './lifecycle/lifecycle.ts';
import type { Certificate, Listener } from './listener/listener.ts';
import type { MetricFactory } from './telemetry/metric-factory.ts';
import type { Tracing } from './telemetry/tracing.ts';

/** What there is before the application. */
export interface Ground {
  config: Config;
  hooks: Hooks;
  lifecycle: Lifecycle;
  logger: Logger;
  metrics: MetricFactory;
}

/** What a room can use when the service is put together. */
export interface Wiring {
  hooks: Hooks;
  logger: Logger;
  metrics: MetricFactory;
  /** Makes one more listener of the application, not open yet. */
  listen: (options: { name: string; port: number; certificate?: Certificate }) => Listener;
}

/**
 * A part of the engine that a service may do without: it is in use where `src/service/variables.ts` lists it. Its folder
 * can go, together with what docs/taking-out.md lists.
 */
export interface Room<S extends Schema = Schema> extends RoomVariables<S> {
  /**
   * Called once, before the application is made: hooks that it adds are the last to stop.
   *
   * @returns what traces the requests, from the room that does
   */
  prepare?(values: ValuesOf<S>, ground: Ground): Promise<Tracing | undefined>;
  /** Called once, when the application has been made. */
  open?(values: ValuesOf<S>, wiring: Wiring): void;
}
