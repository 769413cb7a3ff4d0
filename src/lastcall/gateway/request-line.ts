import type { IncomingMessage } from 'node:http';

/**
 * The path and query of a request, as they came. An absolute request line (`GET http://shop.example/x`) has the host,
 * too, which replaces the `Host` header in `req.headers` (RFC 9112, 3.2.2).
 *
 * @returns `/x?y`; what has no path at all (`OPTIONS *`) stays as it is
 */
export function readRequestLine(req: IncomingMessage): { url: string; path: string } {
  let { url = '/' } = req;
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority !== undefined) {
    req.headers.host = authority.slice(authority.lastIndexOf('@') + 1);
    url = rest.startsWith('/') ? rest : `/${rest}`;
  }
  return { url, path: url.split('?', 1)[0] ?? url };
}

/** A path that a target may read as one above the prefix that it was chosen by. */
export function isEvasive(path: string): boolean {
  return /(^|[/\\]|%2f|%5c)(\.|%2e){1,2}([/\\]|%2f|%5c|$)/i.test(path) || !path.startsWith('/');
}

/** In lower case, without the port: `[::1]:80` → `[::1]`. */
export function hostOf(header = ''): string {
  return header.replace(/:\d+$/, '').toLowerCase();
}
