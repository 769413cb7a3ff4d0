// Starts what is behind the gateways, beside the load.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Context } from './measure.ts';

/** It ends with this process. */
export async function startTarget(): Promise<Context['target']> {
  const child = fork(fileURLToPath(new URL('target.mjs', import.meta.url)), { execArgv: [] });
  const [ports] = (await once(child, 'message')) as [Context['target']];
  child.unref();
  child.channel?.unref();
  return ports;
}
