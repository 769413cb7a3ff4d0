import type { Application, RequestHandler } from 'express';
import type { AppParts } from '../parts.ts';
import { Problem } from '../http/problem.ts';
import { Exchange } from './exchange.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import { outcomeMetrics } from './outcomes.ts';
import { gatewayRoom } from './room.ts';
import { hostOf, isEvasive, pathOf } from './request-line.ts';
import { loadClient } from './target-connection.ts';
import { TargetPool } from './target-pool.ts';
import { findTarget, type GatewayTarget } from './targets.ts';
import { tunnel } from './tunnel.ts';

/**
 * A reverse proxy in front of other services, behind the service's own routes: `GATEWAY_TARGETS`. Without targets it
 * lets every request pass.
 *
 * Errors are problems like any other: 502 when the target can't be reached, resets before it answers (after one more
 * try, if the request is idempotent and has no body) or answers what is not HTTP, 504 when it takes too long. A
 * response that breaks in the middle breaks the client's connection, too: a truncated answer must not look whole.
 */
export function gateway(
  app: Application,
  {
    config,
    settingsOf,
    hooks,
    metrics,
    tracing,
    onUpgrade,
  }: Pick<AppParts, 'config' | 'settingsOf' | 'hooks' | 'metrics' | 'tracing' | 'onUpgrade'>,
): RequestHandler {
  const { targets = [], timeoutMs } = settingsOf(gatewayRoom);
  if (targets.length === 0) return (_req, _res, next) => next();

  const via = config.service.name;
  const trusted = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  const count = outcomeMetrics(metrics, targets);
  const pools = new Map<string, TargetPool>();
  for (const { origin } of targets.map(({ url }) => url)) pools.set(origin, new TargetPool(origin));
  hooks.add({
    name: 'gateway',
    start: loadClient,
    stop: () => {
      for (const pool of pools.values()) pool.close();
    },
  });

  onUpgrade((req, socket, head) => {
    const { url = '/' } = req;
    const path = pathOf(url);
    const target = findTarget(targets, hostOf(req.headers.host), path);
    if (target === undefined || isEvasive(path)) return false;
    const headers = forwardedHeaders(req, via, trusted);
    tunnel({
      req,
      socket,
      head,
      target,
      path: pathAt(target, url),
      headers,
      timeoutMs,
      via,
      count,
      tracing,
    });
    return true;
  });

  return (req, res, next) => {
    const { url, hostname } = req as { url: string; hostname: string | undefined }; // HTTP/1.0 needs no Host
    const path = pathOf(url);
    const target = findTarget(targets, (hostname ?? '').toLowerCase(), path);
    const pool = target && pools.get(target.url.origin);
    if (target === undefined || pool === undefined) return next();
    if (isEvasive(path)) throw new Problem(400, 'the path has . or .. in it');
    // The connection to the target has a host and a framing of its own.
    const { host: _host, 'transfer-encoding': _framing, ...headers } = forwardedHeaders(req, via, trusted);
    new Exchange({
      req,
      res,
      next,
      target,
      pool,
      path: pathAt(target, url),
      headers,
      timeoutMs,
      via,
      count,
      tracing,
    });
  };
}

/** The path of a request behind that of the target's URL. */
function pathAt({ url: { pathname } }: GatewayTarget, url: string): string {
  return pathname.replace(/\/$/, '') + url;
}
