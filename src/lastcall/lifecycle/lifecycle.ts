import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { overallDeadlineMs, phaseLimitMs, type ShutdownSettings } from './budget.ts';
import type { Drainable, ListenerResult, LostRequest } from './drainable.ts';
import type { HookResult, Hooks } from './hooks.ts';
import { hardTimeout, loopClock, patientTimeout } from './loop-clock.ts';
import { ShutdownRecord } from './record.ts';
import type { Progress, Report } from './report.ts';
import type { State } from './states.ts';

export interface LifecycleOptions {
  settings: ShutdownSettings;
  hooks: Hooks;
  listeners: Drainable[];
  /** Scrapes of `/metrics`: how long the next one is worth waiting for (0: nobody scrapes), and the next one. */
  scrapes: { patienceMs(mostMs: number): number; next(): Promise<void> };
  /** Ends the process. Called once, after the report. */
  exit: (code: number) => void;
}

export interface LifecycleEvents {
  /** A state was entered; `ms` is how long the one before lasted. */
  state: [{ state: State; previous: State; ms: number }];
  signal: [{ signal: NodeJS.Signals; repeated: boolean }];
  /** An error that ends the process, or that came while it was ending. */
  fatal: [{ kind: string; error: unknown }];
  listener: [ListenerResult];
  cut: [LostRequest];
  hook: [HookResult];
  /** The last event. */
  report: [Report];
}

/** Hooks get this long in all once an operator is in a hurry. */
const EXPEDITED_HOOKS_MS = 1000;
/** One Ctrl-C reaches the process twice, milliseconds apart, when a parent (npm, tsx) forwards the terminal's SIGINT. */
const SAME_KEYSTROKE_MS = 100;
/** What is done at the very end gets this long. It is a part of the margin: nobody has to plan for it. */
const FAREWELL_MS = 400;
/** The final scrape ends this long before the overall deadline, however long the event loop stood still. */
const SCRAPE_RESERVE_MS = 250 + FAREWELL_MS;

/**
 * The life of one process: starting → ready → lame-duck → draining → cleanup → final-scrape → exited.
 *
 * It owns the order and the deadlines and knows neither Express nor the log nor the metrics: they subscribe.
 * There is one way out, {@link shutdown}, for signals, crashes and failed starts alike.
 */
export class Lifecycle extends EventEmitter<LifecycleEvents> {
  readonly #options: LifecycleOptions;
  readonly #startAbort = new AbortController();
  /** Ends the window early: the operator is in a hurry. */
  readonly #expedited = new AbortController();
  readonly #record = new ShutdownRecord();
  /** The wind-down is on behalf of no request, also where the error of one has begun it. */
  readonly #own = new AsyncResource('Lifecycle');
  #wasReady = false;
  /** Those that were opened: the ones to drain and to report. */
  readonly #open: Drainable[] = [];
  #leaving = false;
  #windDown: Promise<void> | undefined;
  #disarmDeadline: (() => void) | undefined;
  /** Counted from the first signal; `Infinity`: none. */
  readonly deadlineMs: number;
  /** Called when all is done but the exit, with the report as it will be: for what tells somebody of it. */
  farewell: ((report: Report) => Promise<unknown>) | undefined;
  #interrupts = 0;
  #interruptedAt = -Infinity;
  #ended = false;

  constructor(options: LifecycleOptions) {
    super();
    this.#options = options;
    this.deadlineMs = overallDeadlineMs(options.settings);
  }

  get state(): State {
    return this.#record.state;
  }

  /** When the state was entered. */
  get since(): Date {
    return this.#record.since;
  }

  /** Start-up is complete, whatever came after. */
  get started(): boolean {
    return this.#wasReady;
  }

  /** Milliseconds to the overall deadline; undefined before the first signal, or when there is none. */
  get remainingMs(): number | undefined {
    if (!this.#leaving || this.deadlineMs === Infinity) return undefined;
    return Math.max(0, Math.round(this.deadlineMs - this.#record.leavingMs));
  }

  /** Milliseconds that a state has lasted, running ones included; 0 if it was not entered. */
  durationMs(state: State): number {
    return this.#record.durationMs(state);
  }

  /** Most milliseconds that a phase of the wind-down may last; `Infinity`: as long as it takes. */
  limitMs(state: State): number {
    return phaseLimitMs(this.#options.settings, state);
  }

  /** How late the event loop was at most while the state lasted, in milliseconds. */
  lateMs(state: State): number {
    return this.#record.lateMs(state);
  }

  /**
   * Prepares, runs the start-up hooks, then opens the listeners. A failure, or a signal meanwhile, ends in the
   * wind-down, so that this never rejects.
   *
   * @param prepare what has to happen before the start-up hooks: it may register some
   */
  async start(prepare?: () => Promise<void>): Promise<void> {
    const { hooks, listeners } = this.#options;
    const { signal } = this.#startAbort;
    try {
      await prepare?.();
      await hooks.start(signal);
      for (const listener of listeners) {
        if (signal.aborted) return;
        await listener.start();
        if (signal.aborted) {
          await listener.stop({ keepAliveMinIdleMs: 0, deadline: signal });
          return;
        }
        this.#open.push(listener);
      }
    } catch (error) {
      if (signal.aborted) return; // the interruption made it fail; the wind-down is under way
      this.#tell('fatal', { kind: 'start-failed', error });
      await this.shutdown('start-failed', error);
      return;
    }
    if (signal.aborted) return;
    this.#wasReady = true;
    this.#enter('ready');
  }

  /** A signal from outside: the first one starts the shutdown, others are counted, and SIGINT on top is an operator in a hurry. */
  signal(signal: NodeJS.Signals): void {
    const repeated = this.#leaving;
    if (repeated) this.#record.repeatedSignals++;
    this.#tell('signal', { signal, repeated });
    if (!repeated) void this.shutdown(signal);
    if (signal !== 'SIGINT') return;
    const sinceLastMs = performance.now() - this.#interruptedAt;
    this.#interruptedAt = performance.now();
    if (!repeated || sinceLastMs < SAME_KEYSTROKE_MS) return;
    this.#interrupts++;
    if (this.#interrupts === 1) this.#expedite();
    else this.#end({ forced: true });
  }

  /** An error that nobody caught: the process leaves, but what is in flight is still answered. */
  fatal(kind: string, error: unknown): void {
    this.#record.blame(error);
    this.#tell('fatal', { kind, error });
    void this.shutdown(kind, error);
  }

  /** Winds down and ends the process; a second call joins the first, whatever its reason. Never rejects. */
  async shutdown(reason = 'shutdown', error?: unknown): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = true;
      this.#record.leave(reason);
      if (error !== undefined) this.#record.blame(error);
      this.#windDown = this.#own.runInAsyncScope(async () => {
        this.#armDeadline();
        await this.#leave();
      });
    }
    await this.#windDown;
  }

  /** The report as of now. */
  progress(): Progress {
    return this.#record.progress(this.#open);
  }

  async #leave(): Promise<void> {
    const { hooks, scrapes, settings } = this.#options;
    const announced = this.state === 'ready' && !this.#record.failed.crashed;
    this.#startAbort.abort();
    this.#enter('lame-duck');
    const windowMs = announced ? settings.windowMs : 0;
    for (const listener of this.#open) listener.giveNotice(windowMs);
    // Nobody sends traffic to a process that was never ready, and a crashed one should not take more of it.
    if (announced) await this.#window();

    this.#enter('draining');
    await this.#drain();

    this.#enter('cleanup');
    await hooks.stop((result) => {
      this.#record.hookResults.push(result);
      this.#tell('hook', result);
    });

    const patienceMs = scrapes.patienceMs(settings.scrapeWaitMs);
    if (patienceMs > 0 && !this.#expedited.signal.aborted) {
      this.#enter('final-scrape');
      const atMostMs = Math.max(0, (this.remainingMs ?? Infinity) - SCRAPE_RESERVE_MS);
      await this.#race(scrapes.next(), (done) => patientTimeout(done, patienceMs, atMostMs));
    }
    const told = this.farewell?.(this.#record.report(this.#open)).catch(() => undefined);
    if (told !== undefined) await this.#race(told, (done) => hardTimeout(done, FAREWELL_MS));
    this.#end({});
  }

  /** At least `windowMs`, then until it has been quiet for `quietMs`, at most `windowMaxMs`. */
  async #window(): Promise<void> {
    const { windowMs, quietMs, windowMaxMs } = this.#options.settings;
    const leftMs = () => {
      const elapsedMs = this.#record.leavingMs;
      const lastTrafficAt = Math.max(...this.#open.map((listener) => listener.lastTrafficAt));
      const quietLeftMs = lastTrafficAt + quietMs - loopClock.now();
      return Math.min(windowMaxMs - elapsedMs, Math.max(windowMs - elapsedMs, quietLeftMs));
    };
    while (!this.#expedited.signal.aborted) {
      const waitMs = leftMs();
      if (waitMs > 0) {
        await this.#race(new Promise(() => undefined), (done) => {
          const timer = setTimeout(done, Math.ceil(waitMs));
          return () => clearTimeout(timer);
        });
      } else {
        await loopClock.look(); // there may be news that nobody has read yet
        if (leftMs() <= 0) return;
      }
    }
  }

  /** All listeners in parallel under one deadline. */
  async #drain(): Promise<void> {
    const { drainTimeoutMs, keepAliveMinIdleMs } = this.#options.settings;
    const deadline = new AbortController();
    const disarm =
      drainTimeoutMs === Infinity ? undefined : hardTimeout(() => deadline.abort(), drainTimeoutMs);
    if (drainTimeoutMs === 0) deadline.abort();
    const minIdleMs = this.#expedited.signal.aborted ? 0 : keepAliveMinIdleMs;
    const startedAt = performance.now();
    await Promise.all(
      this.#open.map(async (listener) => {
        const options = { keepAliveMinIdleMs: minIdleMs, deadline: deadline.signal };
        const result = await listener.stop(options).catch((error: unknown): ListenerResult => {
          const ms = Math.round(performance.now() - startedAt);
          return { name: listener.name, result: 'error', ms, cutRequests: [], error };
        });
        this.#listenerEnded(result);
      }),
    );
    disarm?.();
  }

  #listenerEnded(result: ListenerResult): void {
    if (!this.#record.listenerEnded(result)) return;
    for (const request of result.cutRequests) this.#tell('cut', request);
    this.#tell('listener', result);
  }

  #expedite(): void {
    this.#expedited.abort();
    this.#options.hooks.expedite(EXPEDITED_HOOKS_MS);
    for (const listener of this.#open) listener.expedite();
  }

  /** Armed at the first signal, before anything that can hang, and never disarmed but by the end. */
  #armDeadline(): void {
    if (this.deadlineMs === Infinity) return;
    this.#disarmDeadline = hardTimeout(() => this.#end({ deadline: true }), this.deadlineMs);
  }

  /** Reports and exits, from the end of the wind-down or, abruptly, from the middle of it. */
  #end(failure: { forced?: boolean; deadline?: boolean }): void {
    if (this.#ended) return;
    this.#ended = true;
    Object.assign(this.#record.failed, failure);
    this.#disarmDeadline?.();
    for (const listener of this.#open) {
      if (this.#record.hasEnded(listener.name)) continue;
      const cutRequests = listener.cut();
      const ms = this.durationMs('draining');
      this.#listenerEnded({ name: listener.name, result: 'cut', ms, cutRequests });
    }
    this.#enter('exited');
    const report = this.#record.report(this.#open);
    this.#tell('report', report);
    this.#options.exit(report.exitCode);
  }

  #enter(state: State): void {
    if (this.#ended && state !== 'exited') return;
    this.#tell('state', { state, ...this.#record.enter(state) });
  }

  /** A subscriber that throws does not stop the wind-down: its error is one more that nobody has caught. */
  #tell<K extends keyof LifecycleEvents>(event: K, ...news: LifecycleEvents[K]): void {
    try {
      (this as EventEmitter).emit(event, ...news);
    } catch (error) {
      if (event === 'fatal') return; // of which it would be told again, without end
      setImmediate(() => {
        throw error;
      });
    }
  }

  /** Waits for a promise, a time-out that `arm` sets and can cancel, or an operator in a hurry. */
  async #race(promise: Promise<unknown>, arm: (done: () => void) => () => void): Promise<void> {
    const { signal } = this.#expedited;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const disarm = arm(done);
      function done() {
        disarm();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      void promise.then(done, done);
    });
  }
}
