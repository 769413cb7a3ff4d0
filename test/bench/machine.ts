// Where the numbers come from.
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { versionOf } from './peers.ts';
import type { Results } from './results.ts';

const PACKAGES = [
  'express',
  '@godaddy/terminus',
  'pino-http',
  'helmet',
  'prom-client',
  'fastify',
  'http-proxy-middleware',
  '@fastify/http-proxy',
];

export function machine(pinning: string): Results['machine'] {
  const all = cpus();
  const cpu = all[0]?.model ?? 'unknown';
  return { cpu, cores: all.length, memoryBytes: totalmem(), kernel: release().replace(/-.*/, ''), pinning };
}

export function versions(): Record<string, string> {
  const go = spawnSync('go', ['version'], { encoding: 'utf8' }).stdout as string | undefined;
  const all = {
    node: process.version,
    ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    go: /go(\d\S*)/.exec(go ?? '')?.[1],
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
