import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { Problem } from '#lastcall';
import type { Parts } from '../variables.ts';
import { RetryBudget } from './budget.ts';

/** Somebody who is there again in a moment, or another replica of the same. */
const PASSING = new Set([502, 503, 504]);
const PAUSE_MS = 50;

/** What other services are asked with. By Node's own `fetch`, which keeps connections. */
export class Client {
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #budget = new RetryBudget();
  readonly #calls: ReturnType<Parts['metrics']['histogram']>;
  readonly #retries: ReturnType<Parts['metrics']['counter']>;

  constructor({ variables, metrics }: Parts) {
    this.#base = variables.calling.url;
    this.#timeoutMs = variables.calling.timeoutMs;
    this.#calls = metrics.histogram('prices_request_duration_seconds', 'Calls, tries included.', ['outcome']);
    this.#retries = metrics.counter('prices_retries_total', 'Second tries.', ['allowed']);
    for (const allowed of ['true', 'false']) this.#retries.inc({ allowed }, 0);
  }

  // #region get
  /**
   * The JSON of a path, asked for on behalf of a request.
   *
   * @throws Problem 504 after the time-out, 502 if there is no good answer, 404 if it says so
   */
  async get(path: string, req: Request, res: Response): Promise<unknown> {
    const gone = new AbortController();
    // Nobody waits any more: the client has left, or the drain has ended and cut it.
    const leave = () => gone.abort();
    res.once('close', leave);
    const late = AbortSignal.timeout(this.#timeoutMs);
    const startedAt = performance.now();
    let outcome = 'failed';
    try {
      const answer = await this.#tries(path, headersFor(req), AbortSignal.any([late, gone.signal]));
      if (answer.ok || answer.status === 404) outcome = 'answered';
      if (answer.ok) return await answer.json();
      await answer.body?.cancel(); // or its connection is not used again
      if (answer.status === 404) throw new Problem(404, `there is no ${path}`);
      throw new Problem(502, `the prices said ${answer.status}`);
    } catch (cause) {
      if (cause instanceof Problem) throw cause;
      if (gone.signal.aborted) outcome = 'left';
      else if (late.aborted) outcome = 'late';
      req.log.warn({ err: cause }, `no prices: ${outcome}`);
      if (outcome === 'late') throw new Problem(504, `the prices took more than ${this.#timeoutMs} ms`);
      throw new Problem(502, 'the prices can not be reached');
    } finally {
      res.off('close', leave);
      this.#calls.observe({ outcome }, (performance.now() - startedAt) / 1000);
    }
  }
  // #endregion get

  // #region tries
  /** Two tries at most: what fails twice fails for a reason. Only for requests that may be sent twice. */
  async #tries(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<globalThis.Response> {
    const ask = async () => fetch(new URL(path, this.#base), { headers, signal, redirect: 'error' });
    this.#budget.earn();
    const first = await ask().catch((error: unknown) => {
      if (signal.aborted || !this.#mayRetry()) throw error;
      return undefined;
    });
    if (first !== undefined && !(PASSING.has(first.status) && this.#mayRetry())) return first;
    await first?.body?.cancel();
    await sleep(PAUSE_MS * Math.random(), undefined, { signal });
    return ask();
  }

  #mayRetry(): boolean {
    const allowed = this.#budget.spend();
    this.#retries.inc({ allowed: String(allowed) });
    return allowed;
  }
  // #endregion tries
}

// #region headers
/** The id of the request, and its trace, of which this call is a new span (W3C Trace Context). */
function headersFor({ id, traceId, traceSampled, spanId }: Request): Record<string, string> {
  const requestId = { 'x-request-id': String(id) };
  if (spanId !== undefined) return requestId; // tracing is on: `fetch` says it by itself
  const trace = traceId ?? randomBytes(16).toString('hex');
  const span = randomBytes(8).toString('hex');
  return { ...requestId, traceparent: `00-${trace}-${span}-${traceSampled === true ? '01' : '00'}` };
}
// #endregion headers
