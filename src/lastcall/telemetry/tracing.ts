import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { TrackedRequest } from '../listener/request.ts';

/** A request to another service, while it lasts. */
export interface ClientSpan {
  /** The headers that it is sent with, in place of those that its request has come with. */
  headersFrom(given: IncomingHttpHeaders): IncomingHttpHeaders;
  /**
   * It is over, whole or not. A second call says nothing more.
   *
   * @param error what went wrong, in a word of which there are few: `ECONNREFUSED`. Nothing did where our own client left
   */
  end(result: { status: number | undefined; error?: string }): void;
}

/** What the room `tracing` does for the others, where there is a collector. Nobody else knows OpenTelemetry. */
export interface Tracing {
  /** Hands a request to the application, inside of its span. */
  serve(req: IncomingMessage, res: ServerResponse, handler: RequestListener): void;
  /** A request has ended, also one that never got to the application. Called before it is measured and logged. */
  ended(request: TrackedRequest, route: string): void;
  /** A request to another service begins, on behalf of one of ours; `path` has the query, and is not that of the URL. */
  call(req: IncomingMessage, target: { method: string; url: URL; path: string }): ClientSpan;
}
