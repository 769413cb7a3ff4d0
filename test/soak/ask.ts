// One request of a soak, and what is counted of its answer.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { ServicePaths } from '../../scripts/paths.ts';
import type { Ledger } from './ledger.ts';

/** What the clients know of the service. */
export interface Surroundings {
  /** Base URLs; `https` where the service has it. */
  urls: { http: string; management: string; https?: string };
  paths: ServicePaths;
  ledger: Ledger;
  /** Aborted before the service is told to end: from then on nobody leaves in the middle of anything. */
  leaving: AbortSignal;
}

export interface Asked {
  method?: string;
  path: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string;
  status: number;
  /** The whole answer, if it has to be this. */
  text?: string;
}

/** The prefix of the gateway's only target. */
export const PROXIED = '/soaked';
/** Within which everything that a client does ends. */
const MOST_MS = 20_000;
/** As much of an answer as is told. */
const TOLD = 200;

/** On the agent's connections; HTTPS if it is an agent of that. */
export async function ask(
  { urls, ledger }: Surroundings,
  kind: string,
  agent: http.Agent,
  { method = 'GET', path, headers, body, status, text }: Asked,
): Promise<void> {
  const [listener, { request }] =
    agent instanceof https.Agent ? (['https', https] as const) : (['http', http] as const);
  const said = `${method} ${path.split('?', 1)[0]}`;
  const wrong = (what: string, details?: string) => ledger.wrong(kind, `${said}: ${what}`, details);
  try {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const req = request(`${urls[listener] ?? ''}${path}`, {
      method,
      agent,
      headers: { ...headers, ...length },
      timeout: MOST_MS,
      rejectUnauthorized: false, // the soak has a certificate of its own
    });
    req.once('timeout', () => req.destroy(new Error(`no answer in ${MOST_MS} ms`)));
    req.end(body);
    const [res] = (await once(req, 'response')) as [http.IncomingMessage];
    let answer = '';
    for await (const chunk of res.setEncoding('utf8')) answer += String(chunk);
    ledger.count(listener, kind, 'answered');
    if (path.startsWith(PROXIED) && res.statusCode === status) ledger.proxied++;
    const told = answer.slice(0, TOLD);
    if (res.statusCode !== status) wrong(`answered ${res.statusCode}, expected ${status}`, told);
    else if (text !== undefined && text !== answer) wrong('another answer than expected', told);
  } catch (error) {
    wrong((error as NodeJS.ErrnoException).code ?? String(error));
  }
}
