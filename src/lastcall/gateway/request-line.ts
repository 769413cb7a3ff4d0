/** The path of a request's `url`, without its query. */
export function pathOf(url = '/'): string {
  return url.split('?', 1)[0] ?? url;
}

/**
 * A path that a target may read as one above the prefix that it was chosen by: some take `..;` for `..` (Tomcat), and some
 * read no further than a NUL.
 */
export function isEvasive(path: string): boolean {
  return /(^|[/\\]|%2f|%5c)(\.|%2e){1,2}([/\\;]|%2f|%5c|%3b|%00|$)/i.test(path) || !path.startsWith('/');
}

/** In lower case, without the port: `[::1]:80` → `[::1]`. */
export function hostOf(header = ''): string {
  return header.replace(/:\d*$/, '').toLowerCase();
}
