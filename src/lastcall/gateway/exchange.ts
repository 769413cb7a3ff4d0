import type { NextFunction, Request, Response } from 'express';
import { hasBody } from '../listener/request.ts';
import { Problem } from '../http/problem.ts';
import { breakAnswer, hasNoBody, writeAnswerHead } from './answer.ts';
import { targetDeadline } from './deadline.ts';
import type { CountOutcome, Outcome } from './outcomes.ts';
import { RequestBody } from './request-body.ts';
import type { Receiver, TargetConnection, TargetRequest } from './target-connection.ts';
import type { TargetPool } from './target-pool.ts';
import { reasonOf } from './target-socket.ts';
import type { GatewayTarget } from './targets.ts';
import type { ClientSpan, Tracing } from '../telemetry/tracing.ts';

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/**
 * A request that can't be repeated goes on a connection that was used within this, or on a new one: a target that
 * closes idle connections may do so in the very moment that it is sent. Connections of a busy gateway are never idle
 * for as long, and to one that is not busy, a new connection is no loss.
 */
const RECENT_MS = 20;

export interface ExchangeParts {
  req: Request;
  res: Response;
  next: NextFunction;
  target: GatewayTarget;
  pool: TargetPool;
  /** The request for the target, but for its body. */
  path: string;
  headers: TargetRequest['headers'];
  timeoutMs: number;
  /** Our name in `Via`. */
  via: string;
  count: CountOutcome;
  tracing: Tracing | undefined;
}

/**
 * One request on its way to a target, and the answer on its way back. Whatever goes wrong is a problem for the client
 * as long as nothing has been sent to it, and a broken connection after that.
 */
export class Exchange implements Receiver {
  readonly #parts: ExchangeParts;
  readonly #body: RequestBody | undefined;
  readonly #repeatable: boolean;
  readonly #startedAt = performance.now();
  #connection: TargetConnection | undefined;
  /** Of the try that is under way, where requests are traced. */
  #span: ClientSpan | undefined;
  /** Of the answer. */
  #status: number | undefined;
  #tries = 0;
  #cancelDeadline: () => void;
  /** Known as soon as nothing that the target does can change it. */
  #outcome: Outcome | undefined;
  #closed = false;

  constructor(parts: ExchangeParts) {
    const { req, res, timeoutMs } = parts;
    this.#parts = parts;
    this.#body = hasBody(req) ? new RequestBody(req) : undefined;
    this.#repeatable = this.#body === undefined && IDEMPOTENT.has(req.method);
    this.#cancelDeadline = targetDeadline(timeoutMs, this.#body, () => this.#timeout());
    res.on('drain', () => this.#connection?.resume());
    const close = () => this.#close();
    res.once('close', close);
    if (res.socket === null) {
      // Pipelined: while it waits for its turn, Node does not tell it that its connection has closed.
      const { socket } = req;
      socket.setMaxListeners(0).once('close', close);
      res.once('close', () => socket.off('close', close));
    }
    this.#send();
  }

  onHead(status: number, message: string, rawHeaders: string[], httpVersion: string): void {
    if (this.#outcome !== undefined) return;
    const { req, res, via } = this.#parts;
    this.#status = status;
    this.#cancelDeadline();
    if (isAnswered(res)) {
      this.#end('aborted'); // not by us: the client was too slow, or has gone
      return;
    }
    writeAnswerHead(res, { status, message, rawHeaders, httpVersion }, via);
    // The rest of the answer is nothing. undici would look for a body behind a 304 that has a Content-Length.
    if (hasNoBody(req.method, status)) this.onEnd();
  }

  onData(chunk: Buffer): boolean {
    return this.#outcome !== undefined || this.#parts.res.write(chunk);
  }

  onEnd(): void {
    if (this.#outcome !== undefined) return;
    this.#connection = undefined; // from now on it is somebody else's
    this.#parts.res.end();
    this.#outcome = 'ok';
    this.#span?.end({ status: this.#status });
  }

  onError(error: Error): void {
    if (this.#outcome !== undefined) return;
    const { res, target } = this.#parts;
    const repeat = this.#repeatable && this.#tries === 1 && this.#connection?.hasAnswered === false;
    const left = this.#body?.brokenOff === true;
    this.#span?.end({ status: this.#status, ...(!left && { error: reasonOf(error) }) });
    if (left) {
      this.#end('aborted');
    } else if (res.headersSent) {
      this.#end('broken');
      res.err = error;
      breakAnswer(res);
    } else if (repeat) {
      this.#send();
    } else {
      this.#fail(
        'unreachable',
        new Problem(502, `${target.name} gave no answer (${reasonOf(error)})`),
        error,
      );
    }
  }

  #send(): void {
    const { req, pool, path, target, tracing } = this.#parts;
    const { method } = req;
    this.#span = tracing?.call(req, { method, url: target.url, path });
    const headers = this.#span?.headersFrom(this.#parts.headers) ?? this.#parts.headers;
    this.#tries++;
    const first = this.#tries === 1;
    this.#connection = pool.take(this.#repeatable ? (first ? Infinity : 0) : RECENT_MS);
    this.#connection.send({ method, path, headers, body: this.#body }, this);
  }

  #timeout(): void {
    const { target, timeoutMs } = this.#parts;
    this.#fail('timeout', new Problem(504, `${target.name} did not answer within ${timeoutMs} ms`));
  }

  #fail(outcome: Outcome, problem: Problem, cause?: Error): void {
    const { res, next } = this.#parts;
    if (isAnswered(res)) {
      this.#end('aborted');
      return;
    }
    this.#end(outcome);
    problem.cause = cause;
    next(problem);
  }

  /** The target is of no use any more. */
  #end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#span?.end({ status: this.#status, ...(outcome !== 'aborted' && { error: outcome }) });
    this.#cancelDeadline();
    this.#connection?.destroy(new Error(outcome));
    this.#body?.destroy();
  }

  /** The response is over: whole, or with its connection. */
  #close(): void {
    const { res, target, count } = this.#parts;
    if (this.#closed) return;
    this.#closed = true;
    // A whole answer may still not have reached a client that left.
    if (this.#outcome === undefined || (this.#outcome === 'ok' && !res.writableFinished)) {
      this.#end('aborted');
    }
    this.#cancelDeadline();
    count(target, this.#outcome ?? 'aborted', performance.now() - this.#startedAt);
  }
}

/** Somebody else has answered (408, 503), or nobody can any more. */
function isAnswered(res: Response): boolean {
  return res.headersSent || res.writableEnded || res.destroyed;
}
