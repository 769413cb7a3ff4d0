import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal.ts';

/**
 * Why a request must not be served that Node's parser has taken: it speaks another version, which the parser reads as if
 * it were 1.1, or does not say once which host it is for (RFC 9112, 3.2). Node would answer a missing `Host` itself, where
 * nobody counts it, and takes the first of two; whoever is in front may have taken the other.
 */
export function objectionTo({ httpVersionMajor, httpVersionMinor, rawHeaders }: IncomingMessage) {
  if (httpVersionMajor !== 1) return OTHER_VERSION;
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) return TWO_HOSTS;
  return hosts === 0 && httpVersionMinor > 0 ? NO_HOST : undefined;
}

/** Not 505: what anybody can send at any time must not count as an error of the service. */
const OTHER_VERSION: Refusal = { status: 400, detail: 'only HTTP/1.1 and HTTP/1.0 are spoken here' };
const TWO_HOSTS: Refusal = { status: 400, detail: 'the request has more than one Host header' };
const NO_HOST: Refusal = { status: 400, detail: 'the request has no Host header' };

/** `headers` has one of them, whatever came; asking for all of each name takes a hundred times as long. */
function countHosts(rawHeaders: string[]): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
