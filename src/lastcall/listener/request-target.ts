import type { IncomingMessage } from 'node:http';

/** The authority has to have a host, and no user (RFC 9110, 4.2.1 and 4.2.4). */
const ABSOLUTE = /^https?:\/\/((?:[\w.~!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d*)?)(?![^/?])(.*)$/i;

/** Whether a request line has a URL as its target: `GET http://shop.example/x HTTP/1.1`. */
export function isAbsolute(url: string): boolean {
  return ABSOLUTE.test(url);
}

/**
 * Makes an absolute request line what all others are, a path: as `url`, and its host, which replaces the `Host` header in
 * `headers` (RFC 9112, 3.2.2). What has no path at all (`OPTIONS *`) stays as it is.
 */
export function toOriginForm(req: IncomingMessage): void {
  const { url = '/' } = req;
  if (url.startsWith('/')) return;
  const [, authority, rest = ''] = ABSOLUTE.exec(url) ?? [];
  if (authority === undefined) return;
  req.headers.host = authority;
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
}
