import { isIPv6 } from 'node:net';

/** Where a gateway sends what. */
export interface GatewayTarget {
  /** As it was written, `/api` or `shop.example/api`: its name in metrics and logs. */
  name: string;
  /** Only requests to this host; undefined: to any. */
  host: string | undefined;
  /** `/` or a path without a slash at its end; it and everything below it. */
  prefix: string;
  url: URL;
}

/**
 * Reads `/api=http://a:8000,shop.example/=http://b:8001`.
 *
 * @throws Error that says what is wrong with which entry
 */
export function parseGatewayTargets(text: string): GatewayTarget[] {
  const targets = text.split(',').map((entry) => parseTarget(entry.trim()));
  for (const [index, { host, prefix, name }] of targets.entries()) {
    if (targets.slice(0, index).some((other) => other.host === host && other.prefix === prefix)) {
      throw new Error(`${name} is there twice`);
    }
  }
  return targets;
}

/** The target of a request: one that is bound to its host before one that is not, then the longest prefix. */
export function findTarget(targets: GatewayTarget[], host: string, path: string): GatewayTarget | undefined {
  return targets
    .filter((target) => target.host === undefined || target.host === host)
    .filter(({ prefix }) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`))
    .toSorted(
      (a, b) =>
        Number(b.host !== undefined) - Number(a.host !== undefined) || b.prefix.length - a.prefix.length,
    )[0];
}

/** A target that is this very process: each request would come back, until the sockets are used up. */
export function findLoop(
  targets: GatewayTarget[],
  own: { ports: number[]; hosts: string[] },
): GatewayTarget | undefined {
  // As URLs write them: in lower case, and IPv6 addresses in brackets.
  const hosts = new Set(own.hosts.map((host) => (isIPv6(host) ? `[${host}]` : host).toLowerCase()));
  return targets.find(({ url }) => {
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    return own.ports.includes(port) && hosts.has(url.hostname);
  });
}

function parseTarget(entry: string): GatewayTarget {
  const [, host, path, value] = /^([^/=]*)(\/[^=]*)=(.+)$/.exec(entry) ?? [];
  if (path === undefined || value === undefined) throw new Error(`"${entry}" is not prefix=URL`);
  if (/:\d*$/.test(host ?? ''))
    throw new Error(`the host of "${entry}" has a port; it is matched without one`);
  if (!URL.canParse(value)) throw new Error(`"${value}" is no URL`);
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`"${value}" is no URL with http or https`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Error(`"${url.origin}" has a user, a query or a fragment`);
  }
  const prefix = path.replace(/\/+$/, '') || '/';
  return { name: `${host}${prefix}`, host: host === '' ? undefined : host?.toLowerCase(), prefix, url };
}
