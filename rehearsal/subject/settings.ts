import { parseDuration } from './durations.ts';
import type { Environment } from './subject.ts';

/**
 * The settings of the service that decide what a rehearsal sees, with their defaults as one would write them. Whether a
 * value makes sense is for the service to say: it does not start then.
 */
export const DEFAULTS: Record<string, string | undefined> = {
  SHUTDOWN_WINDOW: '5s',
  SHUTDOWN_QUIET_PERIOD: '2s',
  SHUTDOWN_WINDOW_MAX: undefined,
  SHUTDOWN_DRAIN_TIMEOUT: '10s',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
  SHUTDOWN_CLEANUP_TIMEOUT: '4s',
  SHUTDOWN_SCRAPE_WAIT: '15s',
  SHUTDOWN_LIVENESS: 'fail',
  SHUTDOWN_READINESS: 'fail',
  SHUTDOWN_GRACE_PERIOD: undefined,
  KEEP_ALIVE_TIMEOUT: '65s',
  HEADERS_TIMEOUT: '10s',
  REQUEST_TIMEOUT: '60s',
  SEND_TIMEOUT: '60s',
  MAX_CONNECTIONS: '10000',
  BODY_LIMIT: '100kb',
  OVERLOAD_EVENT_LOOP_DELAY: undefined,
  MAX_CONCURRENT_REQUESTS: undefined,
  MAX_CONCURRENT_REQUESTS_PER_CLIENT: undefined,
  GATEWAY_TARGETS: undefined,
};

/** Without a word about it the window ends here, or at SHUTDOWN_WINDOW if that is longer. */
const WINDOW_MAX_MS = 10_000;
/** What the service wants free before SIGKILL; without it, it does not start. */
const MARGIN_MS = 2000;
/** Set by every rehearsal. */
const NOT_CHOSEN = new Set(['HOST', 'MANAGEMENT_HOST', 'PORT', 'MANAGEMENT_PORT', 'POD_NAME']);

/** Milliseconds of a setting; 0 of `none`, and of what the service will refuse. */
function timeOf(environment: Environment, name: string): number {
  return parseDuration(environment[name] ?? DEFAULTS[name] ?? '') ?? 0;
}

/** The grace period of a pod that has room for all phases one after the other, in whole seconds as pods have them. */
export function graceOf(environment: Environment): number {
  if (environment['SHUTDOWN_GRACE_PERIOD'] !== undefined) return timeOf(environment, 'SHUTDOWN_GRACE_PERIOD');
  const windowMs = leastWindowMs(environment);
  const windowMaxMs =
    environment['SHUTDOWN_WINDOW_MAX'] === undefined
      ? Math.max(windowMs, WINDOW_MAX_MS)
      : timeOf(environment, 'SHUTDOWN_WINDOW_MAX');
  const others = ['SHUTDOWN_DRAIN_TIMEOUT', 'SHUTDOWN_CLEANUP_TIMEOUT', 'SHUTDOWN_SCRAPE_WAIT'];
  const allMs = others.reduce((sum, name) => sum + timeOf(environment, name), windowMaxMs + MARGIN_MS);
  return Math.ceil(allMs / 1000) * 1000;
}

/** For how long a program that has the service's settings goes on listening after SIGTERM, at least. */
export function leastWindowMs(environment: Environment): number {
  return timeOf(environment, 'SHUTDOWN_WINDOW');
}

/** The settings that differ from the defaults, and all that were `set` for this rehearsal. */
export function chosenOf(environment: Environment, set: Record<string, string> = {}): Record<string, string> {
  const names = new Set([...Object.keys(DEFAULTS), ...Object.keys(set)]);
  const chosen = [...names].flatMap((name) => {
    const value = environment[name];
    const usual = NOT_CHOSEN.has(name) || (name in DEFAULTS && value === DEFAULTS[name]);
    return value === undefined || usual ? [] : [[name, value] as const];
  });
  return Object.fromEntries(chosen);
}
