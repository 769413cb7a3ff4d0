import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { RequestFields } from './request-fields.ts';
import { bind, loggerOfRequests, REQUEST } from './request-logger.ts';
import { routeOf } from './route-table.ts';

declare module 'http' {
  interface IncomingMessage {
    /** Of the trace that it belongs to: where tracing is off, that of a valid W3C `traceparent` header. */
    traceId?: string;
    /** Whether somebody records that trace. */
    traceSampled?: boolean;
    /** Of its own span, where tracing is on. */
    spanId?: string;
  }
}

/** What is accepted as a request id from outside: it goes into logs and comes back as a header. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** version-traceid-parentid-flags (W3C Trace Context, 3.2); version ff and an id of zeros are invalid. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:$|-)/;

/** A handler that logs one of them gets no line of many kilobytes, which may hold what nobody should read. */
const NOT_WHOLE = { req: () => undefined, res: () => undefined };

/**
 * Gives each request its id and trace id, and writes one line when it has ended. `req.log` is a logger that has both.
 */
export function requestLog(logger: Logger): RequestHandler {
  const log = pinoHttp({
    logger: loggerOfRequests(logger.child({}, { serializers: NOT_WHOLE })),
    genReqId: identify,
    customAttributeKeys: { req: REQUEST, reqId: 'requestId' },
    wrapSerializers: false,
    quietReqLogger: true,
    // A handler that fails after its headers went out leaves a good status and an error.
    customLogLevel: (_req, res, error) =>
      (error ?? res.err) !== undefined || res.statusCode >= 500 ? 'error' : 'info',
    customSuccessObject: (req, res) => new RequestFields(req, res),
    customErrorObject: (req, res, error) => new RequestFields(req, res, error),
    customSuccessMessage: message,
    customErrorMessage: message,
  });
  return (req, res, next) => {
    log(req, res);
    const { traceparent } = req.headers;
    if (typeof traceparent === 'string' && req.traceId === undefined) readTrace(req, traceparent);
    if (req.traceId !== undefined) req.log = bind(req.log, 'trace_id', req.traceId);
    if (req.spanId !== undefined) req.log = bind(req.log, 'span_id', req.spanId);
    res.log = req.log; // that of pino-http is for its own line
    next();
  };
}

function readTrace(req: IncomingMessage, traceparent: string): void {
  const [, traceId, flags = ''] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined) return;
  req.traceId = traceId;
  req.traceSampled = (Number.parseInt(flags, 16) & 1) === 1;
}

/** The id of a request: that of the client if it is well-formed, else a new one. It is sent back as a header. */
export function identify(req: IncomingMessage, res: ServerResponse): string {
  const given = req.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  res.setHeader('X-Request-Id', id);
  return id;
}

function message(req: IncomingMessage, res: ServerResponse): string {
  return `${req.method} ${routeOf(req)} ${res.writableFinished ? res.statusCode : 'not answered'}`;
}
