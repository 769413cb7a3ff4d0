import type { HookResult } from './hooks.ts';
import type { ListenerResult, LostRequest } from './drainable.ts';
import type { Tally } from './tally.ts';

/** How the shutdown went, worst first. */
export type Outcome = 'crash' | 'forced' | 'deadline' | 'cut' | 'hook-failed' | 'clean';

/** The exit code of each outcome; 78 (invalid configuration) ends before there is a lifecycle. */
export const EXIT_CODES: Record<Outcome, number> = {
  crash: 1,
  forced: 130,
  deadline: 82,
  cut: 80,
  'hook-failed': 81,
  clean: 0,
};

export interface ListenerReport extends Tally {
  name: string;
  port: number;
  /** `open` in a report that is written before the listener has ended. */
  result: ListenerResult['result'] | 'open';
}

/** One number for each phase of the wind-down. */
export interface Phases {
  window: number;
  drain: number;
  cleanup: number;
  finalScrape: number;
}

interface Facts {
  event: 'shutdown';
  /** The signal, or what else ended the process: uncaughtException, unhandledRejection, start-failed, … */
  reason: string;
  /** Message of the error behind a crash, the first one if there were several. */
  error?: string;
  /** Milliseconds per phase, and from the first signal to now. */
  ms: Phases & { total: number };
  /** How late the event loop was at most in each phase, in milliseconds: time that the process did not have. */
  lateMs: Phases;
  listeners: ListenerReport[];
  hooks: Pick<HookResult, 'name' | 'result' | 'ms'>[];
  repeatedSignals: number;
  /** The first ten of those that were cut, or broken in the drain. */
  cutRequests: LostRequest[];
}

/** The final record: the last log line and, shortened, the termination message. */
export interface Report extends Facts {
  exitCode: number;
  outcome: Outcome;
}

/** The same while the wind-down is under way: what is left behind if the process is killed now. */
export interface Progress extends Facts {
  state: string;
  /** Requests in flight on all listeners. */
  inFlight: number;
}

/** kubelet keeps this much of a container's termination message (MaxContainerTerminationMessageLength). */
export const TERMINATION_MESSAGE_BYTES = 4096;

/** The highest of crash > forced > deadline > cut > hook-failed > clean. */
export function outcomeOf(facts: {
  crashed: boolean;
  forced: boolean;
  deadline: boolean;
  cut: boolean;
  hooks: { result: string }[];
}): Outcome {
  if (facts.crashed) return 'crash';
  if (facts.forced) return 'forced';
  if (facts.deadline) return 'deadline';
  if (facts.cut) return 'cut';
  return facts.hooks.some(({ result }) => result !== 'ok') ? 'hook-failed' : 'clean';
}

/** The report as JSON of at most 4096 bytes: details go first, the outcome and the numbers stay. */
export function terminationMessage(report: Report | Progress): string {
  const withoutLifetime = {
    ...report,
    listeners: report.listeners.map(({ connections, requests, ...rest }) => ({
      ...rest,
      connections: { ...connections, lifetime: undefined },
      requests: { ...requests, lifetime: undefined },
    })),
  };
  const attempts = [
    () => report,
    () => withoutLifetime,
    () => ({ ...withoutLifetime, cutRequests: report.cutRequests.slice(0, 3) }),
    () => ({
      ...withoutLifetime,
      cutRequests: [],
      hooks: report.hooks.filter(({ result }) => result !== 'ok').slice(0, 5),
    }),
    () => ({ ...report, listeners: [], hooks: [], cutRequests: [], error: report.error?.slice(0, 200) }),
  ];
  for (const attempt of attempts) {
    const text = JSON.stringify(attempt());
    if (Buffer.byteLength(text) <= TERMINATION_MESSAGE_BYTES) return text;
  }
  return JSON.stringify({ event: report.event, reason: report.reason.slice(0, 200) });
}
