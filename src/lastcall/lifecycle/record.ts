import type { Drainable, ListenerResult, LostRequest } from './drainable.ts';
import { messageOf } from './errors.ts';
import type { HookResult } from './hooks.ts';
import { loopClock } from './loop-clock.ts';
import {
  EXIT_CODES,
  type ListenerReport,
  outcomeOf,
  type Phases,
  type Progress,
  type Report,
} from './report.ts';
import type { State } from './states.ts';

const MAX_ERROR_CHARS = 500;
const MAX_CUT_REQUESTS = 10;

/** What a process remembers of its life, and most of all of its end: what the report says. */
export class ShutdownRecord {
  state: State = 'starting';
  /** When the state was entered. */
  since = new Date();
  reason = '';
  repeatedSignals = 0;
  readonly failed = { crashed: false, forced: false, deadline: false };
  readonly hookResults: HookResult[] = [];
  /** `performance.now()` of the first signal, or of what else ended the process. */
  #leavingSince = 0;
  #enteredAt = performance.now();
  #error: string | undefined;
  readonly #durations = new Map<State, number>();
  readonly #lateMs = new Map<State, number>();
  readonly #listenerResults = new Map<string, ListenerResult>();
  readonly #cutRequests: LostRequest[] = [];

  /** A state is entered; returns the one before and how long it lasted, in milliseconds. */
  enter(state: State): { previous: State; ms: number } {
    this.#noteLate();
    const previous = this.state;
    const now = performance.now();
    const ms = now - this.#enteredAt;
    this.#durations.set(previous, ms);
    this.state = state;
    this.#enteredAt = now;
    this.since = new Date();
    return { previous, ms: Math.round(ms) };
  }

  /** The wind-down begins. */
  leave(reason: string): void {
    this.reason = reason;
    this.#leavingSince = performance.now();
  }

  /** Milliseconds since the wind-down began. */
  get leavingMs(): number {
    return performance.now() - this.#leavingSince;
  }

  /** The first error is the one to report, also when the shutdown was under way already. */
  blame(error: unknown): void {
    this.failed.crashed = true;
    this.#error ??= messageOf(error).slice(0, MAX_ERROR_CHARS);
  }

  /** Returns false for a listener whose result is known already. */
  listenerEnded(result: ListenerResult): boolean {
    if (this.hasEnded(result.name)) return false;
    this.#listenerResults.set(result.name, result);
    this.#cutRequests.push(...result.cutRequests);
    return true;
  }

  hasEnded(listener: string): boolean {
    return this.#listenerResults.has(listener);
  }

  /** Milliseconds that a state has lasted, running ones included; 0 if it was not entered. */
  durationMs(state: State): number {
    const running = state === this.state ? performance.now() - this.#enteredAt : 0;
    return Math.round((this.#durations.get(state) ?? 0) + running);
  }

  /** How late the event loop was at most while the state lasted, in milliseconds. */
  lateMs(state: State): number {
    this.#noteLate();
    return this.#lateMs.get(state) ?? 0;
  }

  /** The report as of now. */
  progress(listeners: Drainable[]): Progress {
    const { hooks, cutRequests, ...facts } = this.#facts(listeners);
    const inFlight = facts.listeners.reduce((sum, { requests }) => sum + requests.lifetime.inFlight, 0);
    return { ...facts, state: this.state, inFlight, hooks, cutRequests };
  }

  report(listeners: Drainable[]): Report {
    const facts = this.#facts(listeners);
    const cut = facts.listeners.some(({ result }) => result !== 'closed');
    const hooks = this.hookResults.filter(({ critical }) => critical);
    const outcome = outcomeOf({ ...this.failed, cut, hooks });
    return { ...facts, outcome, exitCode: EXIT_CODES[outcome] };
  }

  #noteLate(): void {
    const lateMs = Math.max(this.#lateMs.get(this.state) ?? 0, loopClock.takeWorst());
    this.#lateMs.set(this.state, lateMs);
  }

  #facts(listeners: Drainable[]): Omit<Report, 'exitCode' | 'outcome'> {
    return {
      event: 'shutdown',
      reason: this.reason,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      ms: { ...phases((state) => this.durationMs(state)), total: Math.round(this.leavingMs) },
      lateMs: phases((state) => this.lateMs(state)),
      listeners: listeners.map((listener): ListenerReport => {
        const { name, port } = listener;
        return { name, port, result: this.#listenerResults.get(name)?.result ?? 'open', ...listener.tally() };
      }),
      hooks: this.hookResults.map(({ name, result, ms }) => ({ name, result, ms })),
      repeatedSignals: this.repeatedSignals,
      cutRequests: this.#cutRequests.slice(0, MAX_CUT_REQUESTS),
    };
  }
}

function phases(of: (state: State) => number): Phases {
  return {
    window: of('lame-duck'),
    drain: of('draining'),
    cleanup: of('cleanup'),
    finalScrape: of('final-scrape'),
  };
}
