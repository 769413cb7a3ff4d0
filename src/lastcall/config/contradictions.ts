import { hostname } from 'node:os';
import { readCertificate } from '../tls/certificate.ts';
import type { Config } from './config.ts';
import { findLoop } from '../gateway/targets.ts';
import { budgetProblem } from '../lifecycle/budget.ts';
import { messageOf } from '../lifecycle/errors.ts';

export interface Contradiction {
  /** The variables that play a part in it. */
  of: string[];
  text: string;
}

/** Values that are fine by themselves and impossible together. */
export function contradictions(
  { http, tls, management, gateway, shutdown }: Config,
  env: NodeJS.ProcessEnv,
): Contradiction[] {
  const found: Contradiction[] = [];
  const shown = (name: string, ms: number) => `${name}=${JSON.stringify(env[name] ?? `${ms / 1000}s`)}`;
  const ports = [
    { name: 'PORT', port: http.port, host: http.host },
    { name: 'TLS_PORT', port: tls?.port ?? 0, host: http.host },
    { name: 'MANAGEMENT_PORT', port: management.port, host: management.host },
  ];
  for (const [index, { name, port, host }] of ports.entries()) {
    const taken = ports
      .slice(0, index)
      .find((other) => port !== 0 && other.port === port && other.host === host);
    if (taken === undefined) continue;
    found.push({
      of: [taken.name, name],
      text: `${name}="${port}": expected another port than ${taken.name}`,
    });
  }
  if (shutdown.windowMaxMs < shutdown.windowMs) {
    found.push({
      of: ['SHUTDOWN_WINDOW', 'SHUTDOWN_WINDOW_MAX'],
      text: `${shown('SHUTDOWN_WINDOW_MAX', shutdown.windowMaxMs)}: expected at least SHUTDOWN_WINDOW, which is ${shutdown.windowMs / 1000} s`,
    });
  }
  if (http.requestTimeoutMs > 0 && http.headersTimeoutMs > http.requestTimeoutMs) {
    found.push({
      of: ['HEADERS_TIMEOUT', 'REQUEST_TIMEOUT'],
      text: `${shown('HEADERS_TIMEOUT', http.headersTimeoutMs)}: expected at most REQUEST_TIMEOUT, which is ${http.requestTimeoutMs / 1000} s`,
    });
  }
  const budget = budgetProblem(shutdown);
  if (budget !== undefined) {
    found.push({
      of: ['WINDOW', 'WINDOW_MAX', 'DRAIN_TIMEOUT', 'CLEANUP_TIMEOUT', 'SCRAPE_WAIT', 'GRACE_PERIOD'].map(
        (name) => `SHUTDOWN_${name}`,
      ),
      text: `${shown('SHUTDOWN_GRACE_PERIOD', shutdown.graceMs ?? 0)}: expected ${budget}`,
    });
  }
  found.push(...tlsContradictions(tls, env));
  const everywhere = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]', hostname()];
  const hosts = http.host === undefined ? everywhere : [http.host];
  const loop = findLoop(gateway.targets, { ports: ports.map(({ port }) => port), hosts });
  if (loop !== undefined) {
    found.push({
      of: ['GATEWAY_TARGETS', 'PORT', 'TLS_PORT', 'MANAGEMENT_PORT'],
      text: `GATEWAY_TARGETS: ${loop.name}=${loop.url.href} is this service itself, expected another one`,
    });
  }
  return found;
}

/** HTTPS needs its port, its certificate and the key of that certificate. */
function tlsContradictions(tls: Config['tls'], env: NodeJS.ProcessEnv): Contradiction[] {
  const files = ['TLS_CERT_FILE', 'TLS_KEY_FILE'];
  if (tls === undefined) {
    return files
      .filter((name) => env[name] !== undefined)
      .map((name) => ({ of: [name, 'TLS_PORT'], text: `${name}: expected TLS_PORT to be set, too` }));
  }
  const missing = files.filter((name) => env[name] === undefined);
  if (missing.length > 0) {
    return missing.map((name) => ({ of: [name], text: `${name}: expected a file, because TLS_PORT is set` }));
  }
  try {
    readCertificate(tls);
    return [];
  } catch (error) {
    return [{ of: files, text: `TLS_CERT_FILE, TLS_KEY_FILE: ${messageOf(error)}` }];
  }
}
