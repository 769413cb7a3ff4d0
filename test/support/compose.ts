import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface ComposeService {
  command?: string[];
  volumes?: string[];
  environment?: Record<string, string | null>;
  profiles?: string[];
  stop_grace_period?: string;
}

/** Reads a file of YAML. */
export const yaml = (path: string): unknown =>
  parse(readFileSync(path, 'utf8'), { strict: true, uniqueKeys: true });
export const { services } = yaml('compose.yaml') as {
  services: Record<'service' | 'prometheus' | 'grafana' | 'collector' | 'jaeger', ComposeService>;
};

/** What the container has at `inside`: the file on the host that is mounted there. */
export function mounted(service: ComposeService, inside: string): string {
  for (const volume of service.volumes ?? []) {
    const [host = '', target = ''] = volume.split(':');
    if (inside === target) return host;
    if (inside.startsWith(`${target}/`)) return join(host, inside.slice(target.length + 1));
  }
  throw new Error(`nothing is mounted at ${inside}`);
}
