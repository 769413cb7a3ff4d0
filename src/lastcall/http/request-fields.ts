import type { IncomingMessage, ServerResponse } from 'node:http';
import { trackedRequest } from '../listener/request.ts';
import { routeOf } from './route-table.ts';

/** What the line of a request says when it has ended. */
export class RequestFields {
  readonly event = 'request';
  readonly requestId: IncomingMessage['id'];
  readonly method: string | undefined;
  readonly route: string;
  readonly status: number | undefined;
  readonly ms: number | undefined;
  readonly bytes: number | undefined;
  readonly trace_id: string | undefined;
  readonly span_id: string | undefined;
  readonly err: unknown;

  /** @param err that it has ended with */
  constructor(req: IncomingMessage, res: ServerResponse, err?: unknown) {
    const tracked = trackedRequest(req);
    this.requestId = req.id;
    this.method = req.method;
    this.route = routeOf(req);
    this.status = res.headersSent ? res.statusCode : undefined;
    this.ms = tracked?.ageMs;
    this.bytes = tracked?.bytesSent;
    this.trace_id = req.traceId;
    this.span_id = req.spanId;
    this.err = err;
  }

  /** Whether there may be something to mask: in an error, if it has more than its texts. */
  get mayHoldSecret(): boolean {
    if (this.err === undefined) return false;
    if (!(this.err instanceof Error)) return true;
    for (const _field in this.err) return true; // those that it inherits are written, too
    return false;
  }
}
