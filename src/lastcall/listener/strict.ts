import type { ServerOptions } from 'node:http';

/** Most bytes of a request line and its headers, else 431; Node's own default. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * What every server of the process is strict about, whatever NODE_OPTIONS says: a flag that somebody needs for a client of
 * theirs (`--insecure-http-parser`, `--max-http-header-size`) would loosen the servers, too, and let requests be smuggled
 * past a proxy that reads them otherwise.
 *
 * @see https://nodejs.org/api/cli.html#--insecure-http-parser
 */
export const STRICT = {
  insecureHTTPParser: false,
  maxHeaderSize: MAX_HEADER_BYTES,
  requireHostHeader: false, // without a Host, Node would answer by itself, with nothing
} satisfies ServerOptions;
