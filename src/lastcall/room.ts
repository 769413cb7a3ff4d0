import type { Logger } from 'pino';
import type { RoomVariables } from './config/config.ts';
import type { Schema, ValuesOf } from './config/schema.ts';
import type { Hooks } from './lifecycle/hooks.ts';
import type { Certificate, Listener } from './listener/listener.ts';
import type { MetricFactory } from './telemetry/metric-factory.ts';

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
  /** Called once, when the application has been made. */
  open?(values: ValuesOf<S>, wiring: Wiring): void;
}
