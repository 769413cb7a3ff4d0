import type { IncomingHttpHeaders } from 'node:http';
import {
  type Context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { knownMethod } from '../telemetry/http-labels.ts';
import type { ClientSpan } from '../telemetry/tracing.ts';
import { withMaskedQuery } from './masked-query.ts';

const SAID_BY_US = ['traceparent', 'tracestate', 'baggage'];

export interface CallTarget {
  method: string;
  url: URL;
  /** With the query; not that of the URL. */
  path: string;
}

/** The span of a request that the gateway makes. */
export class CallSpan implements ClientSpan {
  readonly #span: Span;
  readonly #context: Context;

  constructor(tracer: Tracer, parent: Context, { method, url, path }: CallTarget) {
    const known = knownMethod(method);
    this.#span = tracer.startSpan(
      known === method ? method : 'HTTP',
      {
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': known,
          'url.full': withMaskedQuery(url.origin + path),
          'server.address': url.hostname,
          'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
        },
      },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#span);
  }

  headersFrom(given: IncomingHttpHeaders): IncomingHttpHeaders {
    const headers = { ...given };
    // What this service does not say is not said: the next span is a child of this one, or of none.
    for (const name of SAID_BY_US) delete headers[name];
    propagation.inject(this.#context, headers);
    return headers;
  }

  end({ status, error }: { status: number | undefined; error?: string }): void {
    if (!this.#span.isRecording()) return;
    if (status !== undefined) this.#span.setAttribute('http.response.status_code', status);
    const type = error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
    if (type !== undefined) {
      this.#span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}
