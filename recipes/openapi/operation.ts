import type { Request, Response, Router } from 'express';
import { jsonBody, methodNotAllowed } from '#lastcall';
import { validBody } from '../body.ts';
import type { Described, JsonSchema, ValueOf } from './described.ts';

/** One route: what it does, and what clients are told about it. */
export interface Operation<D extends Described = Described> {
  /** For people and for generated clients: `placeWidget`. */
  id: string;
  summary: string;
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/widgets/{id}`. */
  path: string;
  /** Of the path. */
  parameters?: Record<string, JsonSchema>;
  /** Checked before `handle` is called. */
  body?: D;
  /** By status; those that fail are problems (RFC 9457), whose shape is known. */
  answers: Record<number, { description: string; schema?: JsonSchema }>;
  handle: (req: Request, res: Response, body: ValueOf<D>) => unknown;
}

/** An operation whose `handle` has the body of its own schema; a list may have operations with others. */
export function operation<D extends Described>(own: Operation<D>): Operation {
  return own;
}

// #region router
/** Adds these operations to a router; a method that a path does not have is a 405. */
export function addRoutes(router: Router, operations: Operation[], bodyLimitBytes: number): void {
  const parse = jsonBody({ limit: bodyLimitBytes });
  for (const [path, own] of Object.entries(byPath(operations))) {
    const route = router.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const { method, body, handle } of own) {
      if (body === undefined) route[method](async (req, res) => handle(req, res, undefined));
      else route[method](parse, async (req, res) => handle(req, res, validBody(body.type, req)));
    }
    route.all(methodNotAllowed);
  }
}
// #endregion router

export function byPath(operations: Operation[]): Record<string, Operation[]> {
  const paths: Record<string, Operation[]> = {};
  for (const each of operations) (paths[each.path] ??= []).push(each);
  return paths;
}
