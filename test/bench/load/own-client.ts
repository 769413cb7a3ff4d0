// A client for machines without wrk: kept-alive connections that ask again as soon as they are answered, in a process of
// its own, because it would wait for the readers of logs otherwise.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ask, Generator, Tally } from './ask.ts';

export function ownClient(): Generator {
  return { name: `own client on Node ${process.version}`, load };
}

async function load(ask: Ask): Promise<Tally> {
  const client = fork(fileURLToPath(new URL('own-client-process.mjs', import.meta.url)), { execArgv: [] });
  client.send(ask);
  const [tally] = (await Promise.race([once(client, 'message'), once(client, 'exit')])) as unknown[];
  if (typeof tally !== 'object' || tally === null)
    throw new Error(`the client has ended with ${String(tally)}`);
  await once(client, 'exit');
  return tally as Tally;
}
