import type { LeavingPhase } from './states.ts';

/**
 * The report that a process logs at its end, as far as a rehearsal reads it: `{"event":"shutdown", …}`. The process is
 * another program, perhaps in another version, so nothing is taken for granted that {@link isReport} has not seen.
 */
export interface ProcessReport {
  event: 'shutdown';
  /** The signal, or what else ended it. */
  reason?: string;
  /** `clean`, `cut`, `deadline`, … */
  outcome?: string;
  exitCode?: number;
  /** Milliseconds in each phase. */
  ms: Partial<Record<LeavingPhase | 'total', number>>;
  /** How late its event loop was at most in each phase, in milliseconds. */
  lateMs?: Partial<Record<LeavingPhase, number>>;
  listeners: ListenerReport[];
  /** What was closed at its end: `ok`, `error`, `timeout`. */
  hooks?: { name: string; result: string }[];
  /** The first ten. */
  cutRequests: { method: string; route: string; ageMs: number }[];
}

interface ListenerReport {
  connections: { cut: number };
  /** Since SIGTERM; `lifetime` is since the start of the process. */
  requests: {
    /** Answered in the window, and after it. */
    served?: number;
    drained?: number;
    /** Given up by the client. */
    aborted?: number;
    cut: number;
    /** Answers that it broke off by itself. */
    broken?: number;
    lifetime: { answered: number };
  };
}

type Counted = 'served' | 'drained' | 'aborted' | 'cut' | 'broken';

/** Of all listeners; what a report does not count is 0. */
export function requestsOf(report: ProcessReport | undefined, what: Counted): number {
  return report?.listeners.reduce((sum, { requests }) => sum + (requests[what] ?? 0), 0) ?? 0;
}

/** Requests and connections that the process cut at the end of its drain. */
export function cutBy(report: ProcessReport | undefined): number {
  const connections = report?.listeners.reduce((sum, listener) => sum + listener.connections.cut, 0) ?? 0;
  return requestsOf(report, 'cut') + connections;
}

/** All that it has ever answered. */
export function answeredBy(report: ProcessReport | undefined): number | undefined {
  return report?.listeners.reduce((sum, { requests }) => sum + requests.lifetime.answered, 0);
}

/** Other programs may log an event of this name, too. */
export function isReport(
  entry: Record<string, unknown> | undefined,
): entry is Record<string, unknown> & ProcessReport {
  const { event, ms, listeners, cutRequests, hooks } = entry ?? {};
  const hasEnded = (hook: { result?: unknown } | null) => typeof hook?.result === 'string';
  const counts = (listener: Partial<ListenerReport> | null) =>
    typeof listener?.requests?.lifetime?.answered === 'number' && listener.connections !== undefined;
  return (
    event === 'shutdown' &&
    Array.isArray(listeners) &&
    listeners.every(counts) &&
    Array.isArray(cutRequests) &&
    typeof ms === 'object' &&
    ms !== null &&
    (hooks === undefined || (Array.isArray(hooks) && hooks.every(hasEnded)))
  );
}
