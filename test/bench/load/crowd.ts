// Clients that do not wait for each other: requests come when they are due, however many are still unanswered. That is
// what more than a service can do looks like; clients that ask again when they are answered never ask for more.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface AskOfCrowd {
  port: number;
  path: string;
  /** On average, at random. */
  perSecond: number;
  seconds: number;
  /** Before, in which nothing is counted. */
  warmUpSeconds: number;
  /** After which a client gives up and ends its connection. */
  patienceSeconds: number;
  /** How often a client that is refused asks again, at once. */
  retries: number;
  /** Or each request has a connection of its own. */
  keepAlive: boolean;
  mostConnections: number;
}

/** Of the requests that were due: how many were answered with 200, with something else, and not in time. */
export interface CrowdTally {
  asked: number;
  served: number;
  refused: number;
  lost: number;
  seconds: number;
  /** Of what was served. */
  p99Seconds: number;
}

export async function crowd(ask: AskOfCrowd): Promise<CrowdTally> {
  const client = fork(fileURLToPath(new URL('crowd-process.mjs', import.meta.url)), { execArgv: [] });
  client.send(ask);
  const [tally] = (await Promise.race([once(client, 'message'), once(client, 'exit')])) as unknown[];
  if (typeof tally !== 'object' || tally === null)
    throw new Error(`the crowd has ended with ${String(tally)}`);
  await once(client, 'exit');
  return tally as CrowdTally;
}
