// Who is measured, and how each is started.
import { fileURLToPath } from 'node:url';
import { readPaths } from '../../scripts/paths.ts';
import { QUICK } from '../harness/environment.ts';

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
  /** Where it answers at once, and where it takes JSON; `undefined` if it does not. */
  paths: { get: string; post: string | undefined; slow: string | undefined };
  /** What it can't be started without, in words; `undefined` if all is there. */
  obstacle?: () => string | undefined;
}

const ROOT = new URL('../../', import.meta.url);
const OWN = readPaths();

export const BASELINE = 'express';

/** The built service, as it is deployed. */
export const service = own('dist/main.js', {
  get: OWN.get.path,
  post: OWN.post?.path,
  slow: OWN.slow?.path.replace('%ms', '500'),
});

/** The engine with routes for what no service has: one that fails, and any number of others. */
export const serviceWithRoutes = own('test/bench/service.mjs', {
  get: '/',
  post: '/echo',
  slow: '/slow?ms=500',
});

export const express = peer('express', 'bare Express');

function own(entry: string, paths: Contestant['paths']): Contestant {
  return {
    name: 'service',
    title: 'this service',
    paths,
    command: ({ port, managementPort }) => ({
      command: [process.execPath, fileURLToPath(new URL(entry, ROOT))],
      env: { ...QUICK, PORT: String(port), MANAGEMENT_PORT: String(managementPort) },
      readiness: { path: '/readyz', management: true },
    }),
  };
}

function peer(name: string, title: string): Contestant {
  return {
    name,
    title,
    paths: { get: '/', post: '/echo', slow: '/slow?ms=500' },
    command: ({ port }) => ({
      command: [process.execPath, fileURLToPath(new URL(`peers/${name}.mjs`, import.meta.url))],
      env: { PORT: String(port) },
      readiness: { path: '/', management: false },
    }),
  };
}
