import { ROOT_CONTEXT, type Span, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Report } from '../lifecycle/report.ts';
import type { State } from '../lifecycle/states.ts';
import { recordError } from './record-error.ts';
import { always } from './sampler.ts';

/** The phases of the wind-down, as the report calls them. */
const PHASES: Partial<Record<State, string>> = {
  'lame-duck': 'window',
  draining: 'drain',
  cleanup: 'cleanup',
  'final-scrape': 'final scrape',
};

/** The end of the process as a trace of its own: a span for each phase, and below it for each listener and hook. */
export class WindDown {
  readonly #tracer: Tracer;
  #root: Span | undefined;
  #phase: Span | undefined;
  /** Milliseconds since 1970: what ends now has not begun before. */
  #since = 0;

  constructor(tracer: Tracer, lifecycle: Lifecycle) {
    this.#tracer = tracer;
    // One phase begins where the one before it has ended, whoever else was told of it meanwhile.
    lifecycle.on('state', ({ state }) => this.#enter(state, lifecycle.since.getTime()));
    lifecycle.on('listener', ({ name, result, ms }) => this.#part(`listener ${name}`, result, ms));
    lifecycle.on('hook', ({ name, result, ms, error }) => {
      this.#part(`hook ${name}`, result, ms, error);
      this.#since = Date.now(); // they come one after the other
    });
  }

  /** The last phase and the whole have ended, as the report says. */
  end({ reason, outcome, exitCode, error, repeatedSignals, listeners }: Report): void {
    const root = this.#root;
    if (root === undefined) return;
    this.#phase?.end();
    root.setAttributes({
      'lastcall.shutdown.reason': reason,
      'lastcall.shutdown.outcome': outcome,
      'lastcall.shutdown.repeated_signals': repeatedSignals,
      'process.exit.code': exitCode,
    });
    for (const { name, requests } of listeners) {
      const { served, drained, aborted, cut, broken } = requests;
      root.setAttributes(
        Object.fromEntries(
          Object.entries({ served, drained, aborted, cut, broken }).map(([outcome, count]) => [
            `lastcall.shutdown.${name}.${outcome}`,
            count,
          ]),
        ),
      );
    }
    if (outcome !== 'clean') root.setStatus({ code: SpanStatusCode.ERROR, message: error ?? outcome });
    root.end();
  }

  #enter(state: State, at: number): void {
    const phase = PHASES[state];
    if (phase === undefined) return;
    this.#root ??= this.#start('shutdown', at);
    this.#phase?.end(at);
    this.#phase = this.#start(phase, at, this.#root);
    this.#since = at;
  }

  /** Something that has just ended, after so many milliseconds, rounded. */
  #part(name: string, result: string, ms: number, error?: unknown): void {
    const fine = result === 'ok' || result === 'closed';
    const span = this.#start(name, Math.max(this.#since, Date.now() - ms), this.#phase);
    span.setAttribute('lastcall.result', result);
    if (error !== undefined) recordError(span, error);
    if (!fine) span.setStatus({ code: SpanStatusCode.ERROR, message: result });
    span.end();
  }

  #start(name: string, startTime: number, parent?: Span): Span {
    const around = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    return this.#tracer.startSpan(name, { startTime }, always(around));
  }
}
