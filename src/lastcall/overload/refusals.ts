import type { Logger } from 'pino';
import type { TrackedRequest } from '../listener/request.ts';
import { refuse } from '../http/problem.ts';
import { identify } from '../http/request-log.ts';
import { type ShedReason, shedMetric } from '../telemetry/http-metrics.ts';
import type { MetricFactory } from '../telemetry/metric-factory.ts';

/** After which a client may try again, and how often the log tells of refusals. */
const PAUSE_MS = 1000;

const ANSWERS: Record<ShedReason, { status: number; detail: string }> = {
  event_loop: { status: 503, detail: 'overloaded, please try again later' },
  concurrency: { status: 503, detail: 'too many requests at a time, please try again later' },
  client: { status: 429, detail: 'too many requests of yours at a time, please try again later' },
};

/**
 * Answers instead of the application, for much less than an answer costs: there is one line of the log a second for all
 * of them, and the metrics count each.
 */
export class Refusals {
  readonly #logger: Logger;
  readonly #counter: ReturnType<typeof shedMetric>;
  /** Since the last line, which was up to a second ago. */
  #shed: Partial<Record<ShedReason, number>> = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger, { registry }: Pick<MetricFactory, 'registry'>) {
    this.#logger = logger;
    this.#counter = shedMetric(registry);
  }

  answer({ req, res }: TrackedRequest, reason: ShedReason): void {
    if (res === undefined) return;
    this.#count(reason);
    const { status, detail } = ANSWERS[reason];
    res.setHeader('Retry-After', PAUSE_MS / 1000);
    refuse(res, status, detail, identify(req, res));
  }

  #count(reason: ShedReason): void {
    this.#counter.inc({ reason });
    this.#shed[reason] = (this.#shed[reason] ?? 0) + 1;
    if (this.#timer !== undefined) return;
    this.#tell();
  }

  /** At the first refusal, and then once a second until there are none. */
  #tell(): void {
    const shed = this.#shed;
    const overloaded = Object.keys(shed).length > 0;
    const line = { event: 'overload', overloaded, shed };
    this.#shed = {};
    if (overloaded) {
      this.#logger.warn(line, 'shedding load');
      this.#timer = setTimeout(() => this.#tell(), PAUSE_MS).unref();
    } else {
      this.#logger.info(line, 'serving everything again');
      this.#timer = undefined;
    }
  }
}
