import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';
import type { TrackedRequest } from './request.ts';

/**
 * Lets the answer to a request say `Connection: close`, if by the time its headers are written it is still the
 * newest of its connection. Earlier answers of a pipeline must not say it: it would turn away those behind them.
 */
export function sayCloseIfNewest(connection: Connection, request: TrackedRequest, res: ServerResponse): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    if (!res.headersSent && connection.newest === request) {
      connection.saidClose = true;
      dropConnectionHeader(res, args);
      res.setHeader('Connection', 'close');
    }
    return writeHead(...args);
  };
}

/** Headers given to writeHead win over those set before, and many stream handlers pass `Connection: keep-alive`. */
function dropConnectionHeader(res: ServerResponse, args: unknown[]): void {
  const last = args.length - 1;
  const headers = args[last];
  if (Array.isArray(headers)) {
    // Node's two array forms: [name, value, name, value] and [[name, value], [name, value]].
    const pairs = headers.every(Array.isArray)
      ? (headers as unknown[][])
      : Array.from({ length: headers.length / 2 }, (_, i) => headers.slice(2 * i, 2 * i + 2) as unknown[]);
    const kept = pairs.filter(([name]) => !isConnection(name)) as [name: string, value: string][];
    // Next to headers that are set, Node 20 takes only the last of those that are in an array twice, as Set-Cookie is.
    for (const [name] of kept) res.removeHeader(name);
    for (const [name, value] of kept) res.appendHeader(name, value);
    args.pop();
  } else if (typeof headers === 'object' && headers !== null) {
    args[last] = Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
  }
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === 'connection';
}
