import type { State } from './states.ts';

/** The durations of one wind-down, in milliseconds. `Infinity` as the drain timeout waits as long as it takes. */
export interface ShutdownSettings {
  windowMs: number;
  quietMs: number;
  windowMaxMs: number;
  drainTimeoutMs: number;
  keepAliveMinIdleMs: number;
  cleanupTimeoutMs: number;
  scrapeWaitMs: number;
  /** The pod's terminationGracePeriodSeconds less its preStop sleep; undefined outside Kubernetes. */
  graceMs: number | undefined;
}

/** Kept free before the kubelet's SIGKILL: for the report, the exit, and a machine that is slow just then. */
export const MARGIN_MS = 2000;

/** The longest that the phases can take when each uses all of its time. */
export function longestShutdownMs(settings: ShutdownSettings): number {
  return settings.windowMaxMs + settings.drainTimeoutMs + settings.cleanupTimeoutMs + settings.scrapeWaitMs;
}

/** Most milliseconds that a phase may last, by its state; `Infinity`: as long as it takes. */
export function phaseLimitMs(settings: ShutdownSettings, state: State): number {
  const limits: Partial<Record<State, number>> = {
    'lame-duck': settings.windowMaxMs,
    draining: settings.drainTimeoutMs,
    cleanup: settings.cleanupTimeoutMs,
    'final-scrape': settings.scrapeWaitMs,
  };
  return limits[state] ?? Infinity;
}

/**
 * When the overall deadline strikes, counted from the first signal; `Infinity`: never.
 *
 * It lies half a margin behind the phases' own sum, because a shutdown whose every phase ran into its own
 * limit is a truthful "cut" or "hook failed" and must not turn into "deadline" by a few late timers.
 */
export function overallDeadlineMs(settings: ShutdownSettings): number {
  return settings.graceMs === undefined
    ? longestShutdownMs(settings) + MARGIN_MS / 2
    : settings.graceMs - MARGIN_MS / 2;
}

/** Says what does not fit into the grace period, with the sum; undefined when all fits. */
export function budgetProblem(settings: ShutdownSettings): string | undefined {
  const { graceMs, windowMaxMs, drainTimeoutMs, cleanupTimeoutMs, scrapeWaitMs } = settings;
  if (graceMs === undefined) return undefined;
  if (drainTimeoutMs === Infinity) {
    const rest = windowMaxMs + cleanupTimeoutMs + scrapeWaitMs + MARGIN_MS;
    if (graceMs > rest) return undefined;
    return `more than ${s(rest)}, to have time to drain: window ${s(windowMaxMs)} + cleanup ${s(cleanupTimeoutMs)} + scrape wait ${s(scrapeWaitMs)} + ${s(MARGIN_MS)} kept free`;
  }
  const needed = longestShutdownMs(settings) + MARGIN_MS;
  if (needed <= graceMs) return undefined;
  return `at least ${s(needed)}: window ${s(windowMaxMs)} + drain ${s(drainTimeoutMs)} + cleanup ${s(cleanupTimeoutMs)} + scrape wait ${s(scrapeWaitMs)} + ${s(MARGIN_MS)} kept free`;
}

function s(ms: number): string {
  return `${ms / 1000} s`;
}
