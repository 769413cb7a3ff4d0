import type { IncomingMessage, ServerResponse } from 'node:http';
import { trackedRequest } from '../listener/request.ts';
import { routeOf } from './route-table.ts';

/** What the line of a request says when it has ended. None of it can hold a secret. */
export class RequestFields {
  readonly event = 'request';
  readonly requestId: IncomingMessage['id'];
  readonly method: string | undefined;
  readonly route: string;
  readonly status: number | undefined;
  readonly ms: number | undefined;
  readonly bytes: number | undefined;
  readonly traceId: string | undefined;

  constructor(req: IncomingMessage, res: ServerResponse) {
    const tracked = trackedRequest(req);
    this.requestId = req.id;
    this.method = req.method;
    this.route = routeOf(req);
    this.status = res.headersSent ? res.statusCode : undefined;
    this.ms = tracked?.ageMs;
    this.bytes = tracked?.bytesSent;
    this.traceId = req.traceId;
  }
}
