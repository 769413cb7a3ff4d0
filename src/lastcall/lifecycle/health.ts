import { EventEmitter } from 'node:events';
import { LifecycleError, messageOf } from './errors.ts';
import { patientTimeout } from './loop-clock.ts';

/** Up if it resolves, down if it throws, rejects (with anything) or is not done in time. */
export type HealthCheck = (signal: AbortSignal) => unknown;

export interface CheckOptions {
  /** A critical check makes the process unready while it is down; another is only shown. Default: true. */
  critical?: boolean;
  timeoutMs?: number;
  intervalMs?: number;
}

export interface CheckStatus {
  name: string;
  critical: boolean;
  /** Undefined until the first run has ended. */
  up: boolean | undefined;
  /** Why it is down, at most 200 characters. */
  error: string | undefined;
  /** How long the last run took. */
  durationMs: number | undefined;
  /** Milliseconds since the last run ended. */
  ageMs: number | undefined;
}

interface Check {
  name: string;
  critical: boolean;
  run: HealthCheck;
  timeoutMs: number;
  intervalMs: number;
  timer?: NodeJS.Timeout;
  controller?: AbortController;
  last?: { up: boolean; error: string | undefined; durationMs: number; at: number };
}

/**
 * Runs the health checks of the application in the background, each in its own rhythm and never twice at the
 * same time, so that a probe reads a result and nothing else: a thousand probes cost no check, and a check that
 * hangs costs no probe.
 *
 * Emits `change` when a check goes up or down (and on its first result).
 */
export class Health extends EventEmitter<{ change: [CheckStatus] }> {
  readonly #checks = new Map<string, Check>();
  readonly #defaults: { timeoutMs: number; intervalMs: number };
  #running = false;

  constructor(defaults: { timeoutMs: number; intervalMs: number }) {
    super();
    this.#defaults = defaults;
  }

  /** @throws LifecycleError `CHECK_NAME` */
  add(name: string, run: HealthCheck, options: CheckOptions = {}): void {
    if (this.#checks.has(name)) {
      throw new LifecycleError('CHECK_NAME', `health check "${name}" is registered already`);
    }
    const check: Check = { name, run, critical: true, ...this.#defaults, ...options };
    this.#checks.set(name, check);
    if (this.#running) void this.#run(check);
  }

  start(): void {
    this.#running = true;
    for (const check of this.#checks.values()) void this.#run(check);
  }

  /** Ends the rhythm; the last results stay. */
  stop(): void {
    this.#running = false;
    for (const check of this.#checks.values()) {
      clearTimeout(check.timer);
      check.controller?.abort();
    }
  }

  /** Every critical check has run, and the last run was good. */
  get ready(): boolean {
    return [...this.#checks.values()].every(({ critical, last }) => !critical || last?.up === true);
  }

  status(): CheckStatus[] {
    return [...this.#checks.values()].map(statusOf);
  }

  async #run(check: Check): Promise<void> {
    const controller = new AbortController();
    check.controller = controller;
    const startedAt = performance.now();
    let disarm = () => undefined as void;
    const late = new Promise<never>((_resolve, reject) => {
      const giveUp = () => reject(new Error(`no answer within ${check.timeoutMs} ms`));
      disarm = patientTimeout(giveUp, check.timeoutMs);
    });
    let error: string | undefined;
    let up = true;
    try {
      const running = attempt(check.run, controller.signal);
      running.catch(() => undefined); // after the time-out, its end is nobody's any more
      await Promise.race([running, late]);
    } catch (reason) {
      up = false;
      error = explain(reason);
    }
    disarm();
    controller.abort();
    if (!this.#running) return;
    const changed = check.last?.up !== up;
    const now = performance.now();
    check.last = { up, error, durationMs: Math.round(now - startedAt), at: now };
    check.timer = setTimeout(() => void this.#run(check), check.intervalMs);
    if (changed) this.emit('change', statusOf(check));
  }
}

/** Calls a check so that a synchronous throw is a rejection like any other. */
async function attempt(run: HealthCheck, signal: AbortSignal): Promise<void> {
  await run(signal);
}

function statusOf({ name, critical, last }: Check): CheckStatus {
  return {
    name,
    critical,
    up: last?.up,
    error: last?.error,
    durationMs: last?.durationMs,
    ageMs: last === undefined ? undefined : Math.round(performance.now() - last.at),
  };
}

function explain(reason: unknown): string {
  return (messageOf(reason) || 'failed without a message').slice(0, 200);
}
