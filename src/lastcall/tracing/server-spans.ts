import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { hasBody, type TrackedRequest, trackedRequest } from '../listener/request.ts';
import { type Caller, callerBy, withoutPrefix } from '../http/caller.ts';
import { UNMATCHED } from '../http/route-table.ts';
import type { Ground } from '../room.ts';
import { knownMethod } from '../telemetry/http-labels.ts';
import type { ClientSpan, Tracing } from '../telemetry/tracing.ts';
import { CallSpan, type CallTarget } from './call-span.ts';
import { maskedQuery } from './masked-query.ts';
import { recordError } from './record-error.ts';
import type { Tail } from './tail.ts';

/** What a request is traced by, from its beginning on. */
interface Begun {
  span: Span;
  /** Has the span, and what the request said: its trace, its baggage. */
  context: Context;
}

const BEGUN = Symbol('begun');
type TracedRequest = IncomingMessage & { [BEGUN]?: Begun };

/**
 * One span for each request, by the semantic conventions of HTTP. The engine knows when a request begins, which route
 * takes it and how it ends, and so they are made here, by no instrumentation.
 */
export class ServerSpans implements Tracing {
  readonly #tracer: Tracer;
  readonly #lifecycle: Lifecycle;
  readonly #caller: Caller;
  readonly #tail: Tail | undefined;

  constructor(tracer: Tracer, { config, lifecycle }: Ground, tail: Tail | undefined) {
    this.#tracer = tracer;
    this.#lifecycle = lifecycle;
    this.#caller = callerBy(config);
    this.#tail = tail;
  }

  serve(req: IncomingMessage, res: ServerResponse, handler: RequestListener): void {
    const begun = this.#begin(req);
    // What its connection emits is in the context of that.
    if (hasBody(req)) context.bind(begun.context, req);
    context.with(begun.context, handler, undefined, req, res);
  }

  ended(request: TrackedRequest, route: string): void {
    const { req } = request;
    const { span } = (req as TracedRequest)[BEGUN] ?? this.#begin(req);
    if (!span.isRecording()) return;
    const { method } = req;
    if (route === UNMATCHED) span.updateName(nameOf(method));
    else span.updateName(`${nameOf(method)} ${route}`).setAttribute('http.route', route);
    this.#tellEnd(span, request);
    span.end(performance.now()); // on the clock of its beginning
    if (this.#tail?.keeps(span as unknown as ReadableSpan) !== undefined) req.traceSampled = true;
  }

  call(req: IncomingMessage, target: CallTarget): ClientSpan {
    // A WebSocket has no span of its own.
    return new CallSpan(this.#tracer, (req as TracedRequest)[BEGUN]?.context ?? saidBy(req), target);
  }

  #begin(req: IncomingMessage): Begun {
    const parent = saidBy(req);
    const startedAt = trackedRequest(req)?.startedAt;
    const span = this.#tracer.startSpan(
      nameOf(req.method),
      {
        kind: SpanKind.SERVER,
        ...(startedAt !== undefined && { startTime: startedAt }),
      },
      parent,
    );
    // Not before: no sampler looks at them, and most of the time nobody will.
    if (span.isRecording()) span.setAttributes(this.#attributesOf(req));
    const { traceId, spanId, traceFlags } = span.spanContext();
    req.traceId = traceId;
    req.spanId = spanId;
    req.traceSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    const begun = { span, context: trace.setSpan(parent, span) };
    (req as TracedRequest)[BEGUN] = begun;
    return begun;
  }

  #attributesOf(req: IncomingMessage): Attributes {
    const { method = '', url = '/', headers, httpVersion, socket } = req;
    const known = knownMethod(method);
    const [path, query] = splitTarget(url);
    const [, address, port] = /^(.*?)(?::(\d+))?$/.exec(this.#caller.host(req) ?? '') ?? [];
    return {
      'http.request.method': known,
      ...(known !== method && { 'http.request.method_original': method }),
      'url.scheme': this.#caller.scheme(req),
      'url.path': path,
      'url.query': query,
      'server.address': address || undefined,
      'server.port': port === undefined ? undefined : Number(port),
      'client.address': this.#caller.address(req) || undefined,
      'network.peer.address': socket.remoteAddress && withoutPrefix(socket.remoteAddress),
      'network.peer.port': socket.remotePort,
      'network.protocol.version': httpVersion,
      'user_agent.original': headers['user-agent'],
    };
  }

  /** Status, error, and for a request that was not answered how that came. */
  #tellEnd(span: Span, { res, outcome = 'answered' }: TrackedRequest): void {
    const status = res?.headersSent ? res.statusCode : undefined;
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    const thrown = res?.err === undefined ? undefined : recordError(span, res.err);
    if (outcome !== 'answered') span.setAttribute('lastcall.request.outcome', outcome);
    if (outcome === 'cut' || outcome === 'broken') {
      const { state } = this.#lifecycle;
      span.setAttributes({ 'error.type': outcome, 'lastcall.state': state });
      span.setStatus({ code: SpanStatusCode.ERROR, message: `${outcome} while ${state}` });
    } else if (status !== undefined && status >= 500) {
      span.setAttribute('error.type', thrown ?? String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }
}

/** Trace and baggage, if the caller has said any. */
function saidBy({ headers }: IncomingMessage): Context {
  return propagation.extract<IncomingHttpHeaders>(ROOT_CONTEXT, headers);
}

/** A method that is not known is no name: there may be any number of them. */
function nameOf(method = ''): string {
  return knownMethod(method) === method ? method : 'HTTP';
}

function splitTarget(target: string): [path: string, query: string | undefined] {
  const at = target.indexOf('?');
  return at === -1 ? [target, undefined] : [target.slice(0, at), maskedQuery(target.slice(at + 1))];
}
