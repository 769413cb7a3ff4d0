import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bind } from '../listener/bind.ts';
import { http } from '../listener/node-http.ts';
import { objectionTo } from '../listener/objection.ts';
import { rawAnswer } from '../listener/refusal.ts';
import { STRICT } from '../listener/strict.ts';
import { messageOf } from '../lifecycle/errors.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { PROBES } from './probes.ts';
import type { Reader, Scrapes } from './scrapes.ts';

interface Content {
  contentType: string;
  body: string;
}

export interface ManagementOptions {
  /** Undefined: all interfaces, IPv6 and IPv4. */
  host: string | undefined;
  port: number;
  serviceName: string;
  lifecycle: Lifecycle;
  scrapes: Scrapes;
  metrics: (accept: string | undefined) => Promise<Content>;
  /** What `/lifecycle` lists beside the state. */
  details: () => { inFlight: unknown[]; hooks: string[] };
}

/**
 * The management port: probes (routed by terminus, see lifecycle/terminus.ts), `/metrics`, `/lifecycle` and a
 * page that links them. It opens before everything else and closes last.
 */
export class Management {
  readonly server: Server;
  readonly #options: ManagementOptions;

  constructor(options: ManagementOptions) {
    this.#options = options;
    const { lifecycle, scrapes, serviceName, metrics, details } = options;
    const pages: Record<string, (req: IncomingMessage) => Content | Promise<Content>> = {
      '/': () => html(landingPage(serviceName, lifecycle.state)),
      '/metrics': async (req) => metrics(req.headers.accept),
      '/lifecycle': () => {
        const { state, since, remainingMs = null } = lifecycle;
        const { ageMs: lastMsAgo = null, intervalMs = null, readers } = scrapes;
        return json({ state, since, remainingMs, scrapes: { lastMsAgo, intervalMs, readers }, ...details() });
      },
    };
    this.server = http.createServer(STRICT, (req, res) => {
      if (pathOf(req) === '/metrics' && req.method === 'GET') {
        const done = scrapes.begin(readerOf(req));
        res.once('finish', () => {
          if (res.statusCode === 200) done();
        });
      }
      void serve(pages, req, res);
    });
    this.server.maxHeadersCount = 0; // all of them: objectionTo looks at each
    this.server.on('connect', (_req, socket) => {
      socket.on('error', () => undefined); // Node has taken its own listener away
      if (!socket.writable) return void socket.destroy(); // behind an answer that said close
      socket.end(rawAnswer(405, { Allow: 'GET, HEAD', 'Content-Length': '0' }, ''));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? this.#options.port;
  }

  /** @throws LifecycleError `LISTENER_BIND` */
  async start(): Promise<void> {
    await bind(this.server, { name: 'management', ...this.#options });
  }
}

async function serve(
  pages: Record<string, (req: IncomingMessage) => Content | Promise<Content>>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = pathOf(req);
  const page = pages[path];
  const objection = objectionTo(req);
  res.setHeader('Cache-Control', 'no-store');
  if (objection !== undefined) {
    res.setHeader('Connection', 'close');
    return send(res, objection.status, text(`${objection.detail}\n`));
  }
  if (page === undefined && !PROBES.includes(path)) return send(res, 404, text('not found\n'));
  if (page === undefined || (req.method !== 'GET' && req.method !== 'HEAD')) {
    res.setHeader('Allow', 'GET, HEAD');
    return send(res, 405, text('method not allowed\n'));
  }
  try {
    send(res, 200, await page(req));
  } catch (error) {
    send(res, 500, text(`${messageOf(error)}\n`));
  }
}

function pathOf(req: IncomingMessage): string {
  return (req.url ?? '/').split('?', 1)[0] ?? '/';
}

/** Replicas of Prometheus have addresses of their own, and other programs that read have other names. */
function readerOf({ socket, headers }: IncomingMessage): Reader {
  const { 'user-agent': agent = '' } = headers;
  // Prometheus and all that scrape as it does say how long they would wait.
  const scraper =
    headers['x-prometheus-scrape-timeout-seconds'] !== undefined || agent.startsWith('Prometheus/');
  return { id: `${socket.remoteAddress} ${agent}`, scraper };
}

function landingPage(serviceName: string, state: string): string {
  const links = ['/livez?verbose', '/readyz?verbose', '/startupz?verbose', '/metrics', '/lifecycle']
    .map((path) => `<li><a href="${path}">${path}</a></li>`)
    .join('');
  const name = serviceName.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name} management</title><style>body{font:16px/1.6 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}code{background:#eee;padding:.1em .4em;border-radius:4px}</style><h1>${name}</h1><p>State: <code>${state}</code></p><ul>${links}</ul></html>\n`;
}

function html(body: string): Content {
  return { contentType: 'text/html; charset=utf-8', body };
}

function json(value: unknown): Content {
  return { contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function text(body: string): Content {
  return { contentType: 'text/plain; charset=utf-8', body };
}

function send(res: ServerResponse, status: number, { contentType, body }: Content): void {
  res.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
