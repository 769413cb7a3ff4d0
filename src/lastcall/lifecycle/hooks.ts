import { LifecycleError, messageOf } from './errors.ts';

/**
 * Something the service opens at start-up and closes at the end: a pool, a consumer, a tracer.
 *
 * `start` runs in the order of registration before any traffic listener opens, `stop` in the reverse order
 * after the last one has closed. Each gets an AbortSignal: start's fires when a signal arrives during
 * start-up, stop's when its time is up. `stop` runs only if `start` succeeded (or there is none).
 */
export interface Hook {
  name: string;
  start?: (signal: AbortSignal) => unknown;
  stop?: (signal: AbortSignal) => unknown;
  /** Most milliseconds for `stop`; by default a fair share of the budget. */
  timeoutMs?: number;
  /** Whether the shutdown has failed if `stop` has; by default it has. It is told in any case. */
  critical?: boolean;
}

export interface HookResult {
  name: string;
  result: 'ok' | 'error' | 'timeout';
  critical: boolean;
  ms: number;
  error?: unknown;
}

type Entry = Hook & { startup?: Promise<boolean> };

const TIMED_OUT = Symbol('timed out');
/** A hook that ends so shortly behind its time is on time: its timer would have been as late. */
const SLACK_MS = 20;

/** The hooks of one process, and the budget that all of their `stop`s share. */
export class Hooks {
  readonly #entries: Entry[] = [];
  #budgetMs: number;
  #phase: 'open' | 'started' | 'stopping' = 'open';
  #deadline = Infinity;
  #hurry: (() => void) | undefined;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Of the hooks that have something to stop. */
  get names(): string[] {
    return this.#entries.filter(({ stop }) => stop !== undefined).map(({ name }) => name);
  }

  /** @throws LifecycleError `HOOK_NAME`, `HOOK_TIMEOUT`, `HOOK_LATE` */
  add(hook: Hook): void {
    const { name, start, timeoutMs } = hook;
    if (this.#phase === 'stopping' || (this.#phase === 'started' && start !== undefined)) {
      throw new LifecycleError('HOOK_LATE', `hook "${name}" is added too late: its start would never run`);
    }
    if (this.#entries.some((entry) => entry.name === name)) {
      throw new LifecycleError('HOOK_NAME', `hook "${name}" is registered already`);
    }
    if (timeoutMs !== undefined) {
      if (!(timeoutMs > 0)) {
        throw new LifecycleError(
          'HOOK_TIMEOUT',
          `hook "${name}": timeoutMs is ${timeoutMs}, expected more than 0`,
        );
      }
      const sum = this.#entries.reduce((total, entry) => total + (entry.timeoutMs ?? 0), timeoutMs);
      if (sum > this.#budgetMs) {
        throw new LifecycleError(
          'HOOK_TIMEOUT',
          `hook "${name}": the hooks' timeouts add up to ${sum} ms, the cleanup budget is ${this.#budgetMs} ms`,
        );
      }
    }
    this.#entries.push({ ...hook });
  }

  /** Runs the start functions one after the other; rejects with the first failure, named by its hook. */
  async start(signal: AbortSignal): Promise<void> {
    for (const entry of this.#entries) {
      if (signal.aborted) return;
      const running = call(entry.start, signal);
      entry.startup = running.then(
        () => true,
        () => false,
      );
      try {
        await running;
      } catch (error) {
        throw new Error(`start-up hook "${entry.name}" failed: ${messageOf(error)}`, { cause: error });
      }
    }
    if (this.#phase === 'open') this.#phase = 'started';
  }

  /** Runs the stop functions of what was started, newest first. Never rejects. */
  async stop(onResult: (result: HookResult) => void): Promise<HookResult[]> {
    this.#phase = 'stopping';
    this.#deadline = performance.now() + this.#budgetMs;
    // After an interrupted start-up, what comes behind the interruption has nothing to stop.
    const pending = this.#entries
      .filter(({ start, startup }) => start === undefined || startup !== undefined)
      .toReversed();
    const results: HookResult[] = [];
    for (const [index, entry] of pending.entries()) {
      const result = await this.#stopOne(entry, pending.slice(index + 1));
      if (result === undefined) continue;
      results.push(result);
      onResult(result);
    }
    return results;
  }

  /** Leaves at most this many milliseconds for all hooks that have not ended yet. */
  expedite(ms: number): void {
    this.#budgetMs = Math.min(this.#budgetMs, ms);
    this.#deadline = Math.min(this.#deadline, performance.now() + ms);
    this.#hurry?.();
  }

  async #stopOne(entry: Entry, later: Entry[]): Promise<HookResult | undefined> {
    const started = performance.now();
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
      const arm = () => {
        clearTimeout(timer);
        const left = this.#remainingMs(entry, later, performance.now() - started);
        timer = setTimeout(() => resolve(TIMED_OUT), left);
      };
      this.#hurry = arm;
      arm();
    });
    const run = async () => {
      // A start-up that was interrupted gets the chance to end, so that what it opened is closed.
      if (entry.startup !== undefined && !(await entry.startup)) return false;
      await call(entry.stop, controller.signal);
      return entry.stop !== undefined;
    };
    const running = run();
    running.catch(() => undefined); // a rejection after the time-out is nobody's any more
    const ended = (result: HookResult['result'], error?: unknown): HookResult => ({
      name: entry.name,
      result,
      critical: entry.critical ?? true,
      ms: Math.round(performance.now() - started),
      ...(error === undefined ? {} : { error }),
    });
    try {
      const outcome = await Promise.race([running, timeout]);
      // One that kept the event loop busy is done before its timer could strike, and late all the same.
      if (outcome === TIMED_OUT || this.#isOverdue(entry, performance.now() - started)) {
        controller.abort(new Error(`hook "${entry.name}" ran out of time`));
        return ended('timeout');
      }
      return outcome ? ended('ok') : undefined;
    } catch (error) {
      return ended('error', error ?? new Error('rejected without a reason'));
    } finally {
      clearTimeout(timer);
      this.#hurry = undefined;
    }
  }

  /** Whether more has passed than all that a hook can have: its own time-out, or the budget of all of them. */
  #isOverdue({ timeoutMs = Infinity }: Entry, elapsedMs: number): boolean {
    const overMs = Math.max(elapsedMs - timeoutMs, performance.now() - this.#deadline);
    return overMs > SLACK_MS;
  }

  /**
   * What a running hook may still take so that a slow one never starves those behind it: they keep their own timeouts, or an
   * equal share where they have none. When less is left than all of them claim, everybody shrinks alike.
   */
  #remainingMs(entry: Entry, later: Entry[], elapsedMs: number): number {
    const left = Math.max(0, this.#deadline - performance.now());
    const open = [entry, ...later];
    const claimed = open.reduce((sum, { timeoutMs }) => sum + (timeoutMs ?? 0), 0);
    const sharers = open.filter(({ timeoutMs }) => timeoutMs === undefined).length;
    const share = sharers === 0 ? 0 : Math.max(0, left - claimed) / sharers;
    const claims = open.map(({ timeoutMs }) => timeoutMs ?? share);
    const total = claims.reduce((sum, claim) => sum + claim, 0);
    const reserved = total - (claims[0] ?? 0);
    const shrink = total > left ? left / total : 1;
    return Math.max(0, Math.min((entry.timeoutMs ?? Infinity) - elapsedMs, left - reserved * shrink));
  }
}

/** Calls a hook so that a synchronous throw is a rejection like any other. */
async function call(fn: Hook['start'], signal: AbortSignal): Promise<void> {
  await fn?.(signal);
}
