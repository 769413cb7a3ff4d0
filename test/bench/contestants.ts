// Who is measured, and how each is started.
import { fileURLToPath } from 'node:url';
import { readPaths } from '../../scripts/paths.ts';
import { QUICK } from '../harness/environment.ts';
import { GO_BINARY, type Need } from './peers.ts';

export interface Contestant {
  name: string;
  /** Of its column. */
  title: string;
  command: (ports: { port: number; managementPort: number }) => {
    command: string[];
    env: Record<string, string>;
    /** What says 200 as soon as it serves. */
    readiness: { path: string; management: boolean };
  };
  /** Where it answers at once, where it takes JSON, and where it takes half a second to answer. */
  paths: { get: string; post?: string; slow?: string };
  needs: Need | undefined;
}

/** Half a second in flight. */
const SLOW_MS = '500';
const OWN = readPaths();
/** Of the peers, of the fixture, and of this service as the template has it. */
const PATHS = { get: '/', post: '/echo', slow: `/slow?ms=${SLOW_MS}` };

/** The built service, as it is deployed. */
export const service = own('dist/main.js', {
  get: OWN.get.path,
  ...(OWN.post !== undefined && { post: OWN.post.path }),
  ...(OWN.slow !== undefined && { slow: OWN.slow.path.replace('%ms', SLOW_MS) }),
});

/** The engine with routes for what no service has: one that fails, and any number of others. */
export const serviceWithRoutes = own('test/bench/service.mjs', PATHS);

/** That service, refusing what has waited for its event loop for too long; and as it is without. */
export const protectedService = withEnv(serviceWithRoutes, { OVERLOAD_EVENT_LOOP_DELAY: '20ms' });
export const unprotected = { ...serviceWithRoutes, name: 'unprotected', title: 'unprotected' };

export const express = peer('express', 'bare Express');
export const naive = peer('naive', 'naive Express');
export const terminus = peer('terminus', 'terminus');
export const emptyExit = peer('empty-exit', 'empty `process.exit`');
export const fastify = peer('fastify', 'Fastify', 'packages');
export const httpProxyMiddleware = peer('http-proxy-middleware', 'http-proxy-middleware', 'packages');
export const fastifyHttpProxy = peer('fastify-http-proxy', '@fastify/http-proxy', 'packages');
export const goNetHttp: Contestant = { ...peer('go', 'Go net/http', 'go'), command: go };
export const goReverseProxy: Contestant = { ...peer('go-proxy', 'Go ReverseProxy', 'go'), command: go };

/** What ratios are to. */
export const BASELINE = express.name;

function own(entry: string, paths: Contestant['paths']): Contestant {
  return {
    name: 'service',
    title: 'this service',
    paths,
    needs: undefined,
    command: ({ port, managementPort }) => ({
      command: [process.execPath, fileURLToPath(new URL(`../../${entry}`, import.meta.url))],
      // The others have no limit of connections.
      env: { ...QUICK, MAX_CONNECTIONS: '0', PORT: String(port), MANAGEMENT_PORT: String(managementPort) },
      readiness: { path: '/readyz', management: true },
    }),
  };
}

/** The same with more in its environment. */
export function withEnv(contestant: Contestant, more: Record<string, string>): Contestant {
  const command: Contestant['command'] = (ports) => {
    const { env, ...rest } = contestant.command(ports);
    return { ...rest, env: { ...env, ...more } };
  };
  return { ...contestant, command };
}

function peer(name: string, title: string, needs?: Need): Contestant {
  return {
    name,
    title,
    paths: PATHS,
    needs,
    command: ({ port }) => ({
      command: [process.execPath, fileURLToPath(new URL(`peers/${name}.mjs`, import.meta.url))],
      env: { PORT: String(port) },
      readiness: { path: '/', management: false },
    }),
  };
}

function go({ port }: { port: number }) {
  return {
    command: [GO_BINARY],
    env: { PORT: String(port) },
    readiness: { path: '/', management: false },
  };
}
