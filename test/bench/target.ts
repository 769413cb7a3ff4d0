// Starts what is behind the gateways, and behind tracing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Target {
  /** The port that answers all requests with the same bytes, and the one that streams. */
  small: number;
  streams: number;
  /** The port that takes OTLP. */
  collector: number;
  stop: () => void;
}

/** @param pinned in front of its command; without it, it shares the core of the load. It ends with this process */
export async function startTarget(pinned: string[] = []): Promise<Target> {
  const file = fileURLToPath(new URL('target.mjs', import.meta.url));
  const [program, ...args] = [...pinned, process.execPath, file];
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [ports] = (await once(child, 'message')) as [Omit<Target, 'stop'>];
  child.unref();
  child.channel?.unref();
  return { ...ports, stop: () => child.disconnect() };
}
