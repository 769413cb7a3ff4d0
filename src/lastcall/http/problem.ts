import type { ServerResponse } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { errorOf, messageOf } from '../lifecycle/errors.ts';
import { http } from '../listener/node-http.ts';
import { rawAnswer, type Refuse } from '../listener/refusal.ts';

/**
 * An error that a handler throws to answer with its status: RFC 9457 `application/problem+json`.
 *
 * @example throw new Problem(404, 'no order has the id 42');
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** Members beside those of the RFC, such as `errors` of a validation. */
  readonly extensions: Record<string, unknown>;

  constructor(status: number, detail: string, extensions: Record<string, unknown> = {}) {
    super(detail);
    this.status = status;
    this.extensions = extensions;
  }
}

/** The last route: nothing has this path. */
export const notFound: RequestHandler = (req, res) => {
  refuse(res, 404, `nothing is at ${req.path}`, req.id); // an error would cost as much as all the rest
};

/** Behind the methods of a route: `app.route('/x').get(…).all(methodNotAllowed)`. */
export const methodNotAllowed: RequestHandler = (req, res) => {
  const { methods } = req.route as { methods: Record<string, boolean> };
  const own = Object.keys(methods).filter((method) => method !== '_all');
  const allowed = [...own, ...(own.includes('get') ? ['head'] : []), 'options'];
  res.set('Allow', allowed.join(', ').toUpperCase());
  if (req.method === 'OPTIONS') res.sendStatus(204);
  else throw new Problem(405, `${req.method} is not possible at ${req.path}`);
};

/** Turns whatever was thrown into a problem. Errors that are no fault of the client are logged and not shown. */
export function problemHandler({ development }: { development: boolean }): ErrorRequestHandler {
  return (thrown: unknown, req: Request, res: Response, _next) => {
    const status = statusOf(thrown);
    const error = errorOf(thrown);
    if (status >= 500) res.err = error;
    if (res.headersSent) {
      req.socket.destroy(); // half an answer can only be broken off, so that the client sees it is incomplete
      return;
    }
    const extensions = error instanceof Problem ? error.extensions : {};
    const stack = development && status >= 500 && error === thrown ? { stack: error.stack } : {};
    const detail = status >= 500 && !(error instanceof Problem) ? undefined : messageOf(error);
    try {
      answer(res, status, { ...extensions, ...problem(status, detail, req.id), ...stack });
    } catch (unwritable) {
      // JSON has no word for an extension. What Express would answer is for developers: HTML, with a stack.
      res.err = errorOf(unwritable);
      answer(res, 500, problem(500, undefined, req.id));
    }
  };
}

/** Answers without Express and without an error, which would cost more than what they refuse. */
export function refuse(res: ServerResponse, status: number, detail: string, requestId: unknown): void {
  answer(res, status, problem(status, detail, requestId));
}

function answer(res: ServerResponse, status: number, content: object): void {
  const body = JSON.stringify(content);
  const headers = { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) };
  res.writeHead(status, headers).end(body);
}

/** Answers in place of the application, when there is no request that Express could get, or no Express any more. */
export const refuseAsProblem: Refuse = ({ status, detail, headers = {} }, to) => {
  if (to instanceof http.ServerResponse) {
    for (const [name, value] of Object.entries(headers)) to.setHeader(name, value);
    refuse(to, status, detail, to.req.id);
  } else {
    to.write(rawProblem(status, detail, headers));
  }
};

/** A whole response, for sockets that have no ServerResponse. */
export function rawProblem(status: number, detail: string, headers: Record<string, string> = {}): string {
  const body = JSON.stringify(problem(status, detail, undefined));
  const type = 'application/problem+json';
  const length = String(Buffer.byteLength(body));
  return rawAnswer(status, { ...headers, 'Content-Type': type, 'Content-Length': length }, body);
}

function problem(status: number, detail: string | undefined, requestId: unknown) {
  return { type: 'about:blank', title: http.STATUS_CODES[status] ?? 'Unknown', status, detail, requestId };
}

/** `status` as Express, its parsers and http-errors set it; everything else is our own fault. */
function statusOf(thrown: unknown): number {
  try {
    const { status } = Object(thrown) as { status?: unknown };
    return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
  } catch {
    return 500; // nothing can be asked of a proxy that was revoked
  }
}
