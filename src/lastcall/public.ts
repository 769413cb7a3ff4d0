/** All that a service may import of the engine, as `#lastcall`. Rooms have a door of their own: `#lastcall/gateway`. */
export { ConfigError } from './config/config.ts';
export { type Config, type Schema, type ValuesOf } from './config/schema.ts';
export {
  bytes,
  custom,
  duration,
  durationOrNone,
  flag,
  integer,
  oneOf,
  port,
  proxies,
  secret,
  text,
  url,
  type Variable,
} from './config/variables.ts';
export { expressApp } from './http/express-app.ts';
export { jsonBody } from './http/json-body.ts';
export { methodNotAllowed, notFound, Problem, problemHandler } from './http/problem.ts';
export { requestLog } from './http/request-log.ts';
export { securityHeaders } from './http/security-headers.ts';
export { type CheckOptions, type HealthCheck } from './lifecycle/health.ts';
export { type Hook } from './lifecycle/hooks.ts';
export { type ShutdownNotice } from './listener/request.ts';
export { type AppParts, type CreateApp, type Upgrader } from './parts.ts';
export { type Room } from './room.ts';
export { MetricError, type MetricFactory } from './telemetry/metric-factory.ts';
