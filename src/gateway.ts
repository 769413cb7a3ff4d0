import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Application, Request, RequestHandler, Response } from 'express';
import httpProxy from 'http-proxy-3';
import type { AppParts } from './app.ts';
import { forwardedHeaders, returnedHeaders } from './forwarded-headers.ts';
import { findTarget, type GatewayTarget } from './gateway-targets.ts';
import { hasBody } from './lifecycle/request.ts';
import { Problem, rawProblem } from './problem.ts';
import { WebSocketGoodbye } from './websocket-goodbye.ts';

/** How a proxied request ended; `ok` is any whole answer of the target, whatever its status. */
const OUTCOMES = ['ok', 'unreachable', 'timeout', 'broken', 'aborted', 'upgraded'] as const;
type Outcome = (typeof OUTCOMES)[number];

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/** Connections to targets that wait for the next request, per target. */
const MAX_IDLE_SOCKETS = 256;

/** One request on its way to a target. */
interface Exchange {
  target: GatewayTarget;
  startedAt: number;
  retried: boolean;
  timer?: NodeJS.Timeout;
  /** Set when something goes wrong on the side of the target. */
  outcome?: Outcome;
  /** Breaks off the request to the target. */
  breakOff?: () => void;
}

/**
 * A reverse proxy in front of other services, behind the service's own routes: `GATEWAY_TARGETS`. Without targets it
 * lets every request pass.
 *
 * Errors are problems like any other: 502 when the target can't be reached or resets before it answers (after one
 * more try, if the request is idempotent and has no body), 504 when it takes too long. A response that breaks in the
 * middle breaks the client's connection, too: a truncated answer must not look whole.
 */
export function gateway(app: Application, { config, hooks, metrics, onUpgrade }: AppParts): RequestHandler {
  const { targets, timeoutMs } = config.gateway;
  if (targets.length === 0) return (_req, _res, next) => next();

  const via = config.service.name;
  const trusted = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS }),
    'https:': new HttpsAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS }),
  };
  hooks.add({
    name: 'gateway',
    stop: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  });

  const requests = metrics.counter('gateway_requests_total', 'Proxied requests by how they ended.', [
    'target',
    'outcome',
  ]);
  const durations = metrics.histogram(
    'gateway_upstream_duration_seconds',
    'Time from the request to the end of the answer of a target.',
    ['target'],
  );
  for (const { name } of targets) for (const outcome of OUTCOMES) requests.inc({ target: name, outcome }, 0);

  const optionsFor = ({ url }: GatewayTarget) => ({
    target: url,
    agent: agents[url.protocol as keyof typeof agents],
    changeOrigin: true, // virtual hosts and certificates go by their own name; the client's is in X-Forwarded-Host
  });

  const proxy = httpProxy.createProxyServer({ selfHandleResponse: true });
  proxy.on('proxyReq', (upstream, req) => {
    const exchange = exchanges.get(req);
    if (exchange !== undefined) exchange.breakOff = () => upstream.destroy();
  });
  proxy.on('proxyRes', (answer, req, res) => {
    const exchange = exchanges.get(req);
    clearTimeout(exchange?.timer);
    const { statusCode = 502, statusMessage } = answer;
    // Not by writeHead: of two Set-Cookie it would keep one, because the request id is set already (Node 20).
    for (const [name, value] of returnedHeaders(answer, via)) res.appendHeader(name, value);
    res.writeHead(statusCode, statusMessage);
    pipeline(answer, res, () => undefined);
    answer.once('aborted', () => {
      if (exchange !== undefined && !res.destroyed) exchange.outcome = 'broken';
    });
  });

  /** Sends the request to its target; `fail` gets the problem if there is no answer. */
  function send(req: Request, res: Response, exchange: Exchange, fail: (problem: Problem) => void): void {
    const { target } = exchange;
    proxy.web(req, res, optionsFor(target), (error) => {
      const { code = error.message } = error as NodeJS.ErrnoException;
      if (res.destroyed) return; // the client has gone
      if (res.headersSent) {
        exchange.outcome = 'broken';
        req.socket.destroy();
      } else if (exchange.outcome === 'timeout') {
        fail(new Problem(504, `${target.name} did not answer within ${timeoutMs} ms`));
      } else if (!exchange.retried && IDEMPOTENT.has(req.method) && !hasBody(req)) {
        exchange.retried = true;
        send(req, res, exchange, fail);
      } else {
        clearTimeout(exchange.timer);
        exchange.outcome = 'unreachable';
        fail(new Problem(502, `${target.name} gave no answer (${code})`));
      }
    });
  }

  onUpgrade((req, socket, head) => {
    const [path = '/'] = (req.url ?? '/').split('?', 1);
    const target = findTarget(targets, hostOf(req.headers.host), path);
    if (target === undefined || isEvasive(path)) return false;
    const { upgrade } = req.headers;
    req.headers = { ...forwardedHeaders(req, via, trusted), connection: 'Upgrade', upgrade };
    tunnel(req, socket, head, optionsFor(target), timeoutMs, (outcome) =>
      requests.inc({ target: target.name, outcome }),
    );
    return true;
  });

  return (req, res, next) => {
    const target = findTarget(targets, req.hostname.toLowerCase(), req.path);
    if (target === undefined) return next();
    if (isEvasive(req.path)) throw new Problem(400, 'the path has . or .. in it');
    // The library would send such a body behind a Content-Length of 0, where the target reads it as a request.
    if (['DELETE', 'OPTIONS'].includes(req.method) && req.headers['transfer-encoding'] !== undefined) {
      throw new Problem(411, `${req.method} with a body needs its Content-Length`);
    }
    // Security headers of our own pages are not those of the target's.
    for (const name of res.getHeaderNames()) if (name !== 'x-request-id') res.removeHeader(name);
    req.headers = forwardedHeaders(req, via, trusted);

    const exchange: Exchange = { target, startedAt: performance.now(), retried: false };
    exchanges.set(req, exchange);
    let received = 0;
    exchange.timer = setTimeout(() => {
      if (!req.complete && req.socket.bytesRead > received) {
        received = req.socket.bytesRead; // a long upload: the target's time begins when it has the request
        exchange.timer?.refresh();
        return;
      }
      exchange.outcome = 'timeout';
      exchange.breakOff?.();
    }, timeoutMs);
    req.once('end', () => exchange.timer?.refresh());
    res.once('close', () => {
      clearTimeout(exchange.timer);
      const outcome = exchange.outcome ?? (res.writableFinished ? 'ok' : 'aborted');
      requests.inc({ target: target.name, outcome });
      durations.observe({ target: target.name }, (performance.now() - exchange.startedAt) / 1000);
    });
    send(req, res, exchange, next);
  };
}

/** Connects a WebSocket client with its target, and says goodbye to it in the window. */
function tunnel(
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  options: httpProxy.ServerOptions,
  timeoutMs: number,
  count: (outcome: Outcome) => void,
): void {
  // One for each tunnel: the library's events do not say which request they belong to.
  const proxy = httpProxy.createProxyServer(options);
  let state: 'connecting' | 'open' | 'timeout' = 'connecting';
  let breakOff: () => void = () => undefined;
  const timer = setTimeout(() => {
    state = 'timeout';
    breakOff();
  }, timeoutMs);
  proxy.on('proxyReqWs', (upstream) => {
    breakOff = () => upstream.destroy();
    upstream.once('response', () => clearTimeout(timer)); // no WebSocket; the library passes it on
    socket.once('close', () => upstream.destroy());
  });
  proxy.on('open', (upstream: Socket) => {
    clearTimeout(timer);
    state = 'open';
    count('upgraded');
    const goodbye = new WebSocketGoodbye();
    upstream.unpipe(socket);
    pipeline(upstream, goodbye, socket, () => undefined);
    req.shutdown.onDrain(() => goodbye.say(1001));
  });
  proxy.ws(req, socket, head, {}, () => {
    clearTimeout(timer);
    if (state === 'open') return;
    count(state === 'timeout' ? 'timeout' : 'unreachable');
    const status = state === 'timeout' ? 504 : 502;
    if (socket.writable) socket.write(rawProblem(status, 'the target of this path gave no answer'));
    socket.destroySoon();
  });
}

/** A path that a target may read as one above the prefix that it was chosen by. */
function isEvasive(path: string): boolean {
  return /(^|[/\\]|%2f|%5c)(\.|%2e){1,2}([/\\]|%2f|%5c|$)/i.test(path) || !path.startsWith('/');
}

/** Without the port: `[::1]:80` → `[::1]`. */
function hostOf(header = ''): string {
  return header.replace(/:\d+$/, '').toLowerCase();
}
