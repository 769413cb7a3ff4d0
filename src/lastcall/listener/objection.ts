import type { IncomingMessage } from 'node:http';
import type { Refusal } from './refusal.ts';
import { isAbsolute } from './request-target.ts';

/**
 * Why a request must not be served that Node's parser has taken. What the parser reads in one way, somebody in front of
 * us or behind us may read in another, and both have to mean the same request: the version (the parser reads others as
 * if they were 1.1), the one host that it is for (RFC 9112, 3.2), its target (3.2), and where its body ends (6.1). Node
 * would answer a missing `Host` itself, where nobody counts it, and takes the first of two.
 */
export function objectionTo({
  httpVersionMajor,
  httpVersionMinor,
  method,
  url = '/',
  rawHeaders,
}: IncomingMessage): Refusal | undefined {
  if (httpVersionMajor !== 1) return OTHER_VERSION;
  let hosts = 0;
  let codings = 0;
  // `headers` has one of each, whatever came; asking for all of each name takes a hundred times as long.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === HOST.length && name.toLowerCase() === HOST) {
      hosts++;
      const host = rawHeaders[i + 1] ?? '';
      if (host !== lastHost && !AUTHORITY.test(host)) return BAD_HOST;
      lastHost = host;
    } else if (name.length === CODING.length && name.toLowerCase() === CODING) {
      codings++;
      if (rawHeaders[i + 1]?.toLowerCase() !== 'chunked') return OTHER_CODING;
    }
  }
  if (hosts > 1) return TWO_HOSTS;
  if (hosts === 0 && httpVersionMinor > 0) return NO_HOST;
  if (codings > 1 || (codings === 1 && httpVersionMinor === 0)) return OTHER_CODING;
  const known = url.startsWith('/') || url === '*' || method === 'CONNECT' || isAbsolute(url);
  return known && !url.includes('#') ? undefined : BAD_TARGET;
}

/** In place of a body that is announced with it (RFC 9110, 10.1.1). */
export const OTHER_EXPECTATION: Refusal = {
  status: 417,
  detail: 'no expectation but 100-continue can be met',
};

const HOST = 'host';
const CODING = 'transfer-encoding';
/** A host and a port, either of which may be empty (RFC 3986, 3.2); names are not looked at any closer. */
const AUTHORITY = /^(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*(?::\d*)?$|^\[[\da-f:.]+\](?::\d*)?$/i;
/** The last one that is a host: most requests are for the same. */
let lastHost = '';

/** Not 505: what anybody can send at any time must not count as an error of the service. Nor 501, below. */
const OTHER_VERSION: Refusal = { status: 400, detail: 'only HTTP/1.1 and HTTP/1.0 are spoken here' };
const TWO_HOSTS: Refusal = { status: 400, detail: 'the request has more than one Host header' };
const NO_HOST: Refusal = { status: 400, detail: 'the request has no Host header' };
const BAD_HOST: Refusal = { status: 400, detail: 'the Host header is no host' };
const OTHER_CODING: Refusal = {
  status: 400,
  detail: 'no Transfer-Encoding but chunked, once and of HTTP/1.1, is understood here',
};
const BAD_TARGET: Refusal = { status: 400, detail: 'the target of the request is no path and no http URL' };
