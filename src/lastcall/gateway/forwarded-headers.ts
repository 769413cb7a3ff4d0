import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Headers that are about one connection and end at each hop (RFC 9110, 7.6.1), and what the two sides negotiate. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect', // answered by Node
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Not for `Connection` to take away: without its length, a body is the next request on the connection to the target. */
const END_TO_END = new Set(['content-length', 'host']);
/** What a client may claim about the way that its request has come. */
const CLAIMS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto'];

/**
 * The headers of a request as the next server shall see them: without those of this hop, with the way that the
 * request came. What came in about that way is believed only if the peer is trusted.
 *
 * @param via our name in `Via`
 * @param trusted Express's `trust proxy fn`
 */
export function forwardedHeaders(
  req: IncomingMessage,
  via: string,
  trusted: (address: string, hop: number) => boolean,
): IncomingHttpHeaders {
  const { socket, headers: given, httpVersion } = req;
  const peer = socket.remoteAddress ?? '';
  const believed = trusted(peer, 0);
  const claim = (name: string) => (believed ? first(given[name]) : undefined);
  const headers: IncomingHttpHeaders = {};
  const dropped = droppedBy(given.connection);
  for (const [name, value] of Object.entries(given)) {
    if (!dropped(name) && !isDisguised(name) && (believed || !CLAIMS.includes(name))) headers[name] = value;
  }
  // A body keeps its framing: without it, Node would send the chunks of a GET or DELETE as if they were requests.
  if (given['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  headers['x-forwarded-for'] = [believed ? given['x-forwarded-for'] : undefined, peer]
    .filter(Boolean)
    .join(', ');
  headers['x-forwarded-proto'] = claim('x-forwarded-proto') ?? ('encrypted' in socket ? 'https' : 'http');
  headers['x-forwarded-host'] = claim('x-forwarded-host') ?? given.host ?? '';
  headers.via = [given.via, `${httpVersion} ${via}`].filter(Boolean).join(', ');
  if (typeof req.id === 'string') headers['x-request-id'] = req.id;
  return headers;
}

/**
 * The headers of an answer as the client shall see them: names and values, in order, those that are there twice, too.
 *
 * @param via our name in `Via`
 */
export function returnedHeaders(
  { rawHeaders, httpVersion }: Pick<IncomingMessage, 'rawHeaders' | 'httpVersion'>,
  via: string,
): [name: string, value: string][] {
  const given: [name: string, value: string, lower: string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    given.push([name, value, name.toLowerCase()]);
  }
  const valuesOf = (header: string) =>
    given.filter(([, , lower]) => lower === header).map(([, value]) => value);
  const dropped = droppedBy(valuesOf('connection').join(','));
  const returned: [string, string][] = [];
  for (const [name, value, lower] of given) {
    if (!dropped(lower) && lower !== 'via' && lower !== 'x-request-id') returned.push([name, value]);
  }
  returned.push(['Via', [...valuesOf('via'), `${httpVersion} ${via}`].filter(Boolean).join(', ')]);
  return returned;
}

/** Whether a target that takes `_` for `-`, as CGI and WSGI do, would read one of the headers that are decided here. */
function isDisguised(name: string): boolean {
  if (!name.includes('_')) return false;
  const meant = name.replaceAll('_', '-');
  return HOP_BY_HOP.has(meant) || END_TO_END.has(meant) || CLAIMS.includes(meant) || meant === 'x-request-id';
}

/** The standing hop-by-hop headers, and those that `Connection` names. */
function droppedBy(connection: string | undefined): (name: string) => boolean {
  const named = new Set(connection?.toLowerCase().split(/\s*,\s*/));
  return (name) => HOP_BY_HOP.has(name) || (named.has(name) && !END_TO_END.has(name));
}

function first(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',', 1)[0]
      ?.trim() || undefined
  );
}
