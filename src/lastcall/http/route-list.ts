import type { Application } from 'express';

/** What is registered in a router: a route, or a router that is mounted there. */
export interface Registered {
  path: string | RegExp;
  router?: RouterWithList;
}

/** Express's router since 5.3: its own list of what is registered. */
export interface RouterWithList {
  listRoutes(): Registered[];
}

/** The part of Express 4 that has what was registered; a layer that is no route has its path as a RegExp alone. */
interface Router4 {
  stack: {
    route?: { path: string | RegExp };
    regexp: RegExp;
    keys: { name: string | number }[];
    handle: Partial<Router4>;
  }[];
}

/** How the RegExp of a mounted path ends, and how it has a parameter. */
const END = '\\/?(?=\\/|$)';
const PARAMETER = /\(\?:\\\/\((?:\[[^\]]*\]|[^()])*\)\)\??/g;

/** What is registered in an app, of Express 5 or 4. */
export function routerOf(app: Application): RouterWithList {
  const { _router: router4 } = app as { _router?: Router4 };
  return router4 === undefined ? (app.router as unknown as RouterWithList) : listing(router4);
}

function listing({ stack }: Router4): RouterWithList {
  return {
    listRoutes: () =>
      stack.flatMap(({ route, regexp, keys, handle }): Registered[] => {
        if (route !== undefined) return [{ path: route.path }];
        if (handle.stack === undefined) return [];
        const router = listing({ stack: handle.stack });
        return mountedAt(regexp, keys).map((path) => ({ path, router }));
      }),
  };
}

/** `^\/a\.b(?:\/([^/]+?))\/?(?=\/|$)` → `/a.b/:id`: the paths that Express 4 has made a RegExp of, or that RegExp. */
function mountedAt(regexp: RegExp, keys: Router4['stack'][number]['keys']): (string | RegExp)[] {
  const { source } = regexp;
  if (!source.startsWith('^') || !source.endsWith(END)) return [regexp];
  const names = keys.map(({ name }) => name);
  return source
    .slice(1, -END.length)
    .split(`${END}|^`)
    .map((path) => path.replace(PARAMETER, () => `\\/:${names.shift()}`).replaceAll(/\\(.)/g, '$1'));
}
