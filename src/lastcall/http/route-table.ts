import type { IncomingMessage } from 'node:http';
import type { Application, Request } from 'express';
import { match } from 'path-to-regexp';
import { routerOf, type RouterWithList } from './route-list.ts';

/** The label of a request that no route has matched. */
export const UNMATCHED = 'unmatched';

type Table = Map<string, { template: string; matches: (path: string) => boolean }[]>;

/** One table per Express app, made at its first request: by then all routes are registered. */
const tables = new WeakMap<object, Table>();

/**
 * Names the route template of a request, `/users/:id/orders/:order`: the label of its metrics and the name in its
 * log lines. Only registered templates are ever returned, so that no client can invent one.
 *
 * `req.route.path` alone is not enough: it lacks the path that its router is mounted on, and `req.baseUrl`,
 * which has it, holds the client's values in place of the parameters and is reset when a handler fails.
 */
export function routeOf(req: IncomingMessage): string {
  const { app, route, originalUrl = '/' } = req as Partial<Request>;
  if (app === undefined || route === undefined) return UNMATCHED;
  const leaf = String((route as { path: unknown }).path);
  const candidates = tableOf(app).get(leaf) ?? [];
  if (candidates.length === 1) return candidates[0]?.template ?? leaf;
  const path = originalUrl.split('?', 1)[0] ?? '/';
  return candidates.find(({ matches }) => matches(path))?.template ?? leaf;
}

function tableOf(app: Application): Table {
  let table = tables.get(app);
  if (table === undefined) {
    table = new Map();
    for (const { leaf, template } of templates(routerOf(app), '')) {
      const entry = { template, matches: matcher(template) };
      table.set(leaf, [...(table.get(leaf) ?? []), entry]);
    }
    tables.set(app, table);
  }
  return table;
}

/** Every route below a router: its path as registered, and with the paths of all routers above it. */
function* templates(router: RouterWithList, prefix: string): Generator<{ leaf: string; template: string }> {
  for (const { path, router: below } of router.listRoutes()) {
    const leaf = String(path);
    const joined = `${prefix}${leaf}`.replace(/\/{2,}/g, '/');
    // Not the last slash of a RegExp, which is part of its text.
    const template = joined.length > 1 && typeof path === 'string' ? joined.replace(/\/$/, '') : joined;
    if (below !== undefined) yield* templates(below, template === '/' ? '' : template);
    else yield { leaf, template };
  }
}

function matcher(template: string): (path: string) => boolean {
  try {
    const matches = match(template, { decode: false });
    return (path) => matches(path) !== false;
  } catch {
    return () => false; // a RegExp route; it keeps its own text as name
  }
}
