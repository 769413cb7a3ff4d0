// HTTP/1.1 as RFC 9112 writes it. It reads slowly.

export interface StrictRequest {
  method: string;
  target: string;
  version: string;
  /** In lower case. */
  headers: [name: string, value: string][];
  body: string;
}

/** What is at the beginning of some bytes: a whole request, the beginning of one, or neither. */
export type Reading = { request: StrictRequest; rest: string } | 'incomplete' | { error: string };

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (\\S+) (HTTP/1\\.[01])$`);
/** What a server may put up with (RFC 9112, 3), and Node does. */
const SPACED_LINE = new RegExp(`^(${TOKEN}) +(\\S+) +(HTTP/1\\.[01])$`);
const FIELD = new RegExp(
  `^(${TOKEN}):[ \\t]*((?:[\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?)[ \\t]*$`,
);
/** A path, `*` or a URL with a host and no user; of what a target may have (RFC 3986), and some that browsers send. */
const REST = '[\\x21\\x22\\x24-\\x7e]*';
const AUTHORITY = "(?:[\\w.~!$&'()*+,;=-]+|\\[[\\da-f:.]+\\])(?::\\d*)?";
const TARGET = new RegExp(`^(?:/${REST}|https?://${AUTHORITY}(?:[/?]${REST})?|\\*)$`, 'i');
const HOST = /^(?:(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*|\[[\da-f:.]+\])(?::\d*)?$/i;
const CHUNK = new RegExp(
  `^([\\da-f]+)((?:;${TOKEN}(?:=(?:${TOKEN}|"[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]*"))?)*)$`,
  'i',
);

/**
 * @param bytes one character each, as `latin1` has them
 * @param patient whether the line may have more spaces than one, and LF before it
 */
export function readRequest(bytes: string, { patient = false } = {}): Reading {
  const text = bytes.replace(patient ? /^[\r\n]+/ : /^(?:\r\n)+/, ''); // RFC 9112, 2.2
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return 'incomplete';
  const [line = '', ...lines] = text.slice(0, end).split('\r\n');
  const [, method, target, version] = (patient ? SPACED_LINE : REQUEST_LINE).exec(line) ?? [];
  if (method === undefined || target === undefined || version === undefined || !TARGET.test(target)) {
    return { error: `the request line ${JSON.stringify(line)}` };
  }
  const headers: [string, string][] = [];
  for (const each of lines) {
    const [, name, value = ''] = FIELD.exec(each) ?? [];
    if (name === undefined) return { error: `the header ${JSON.stringify(each)}` };
    headers.push([name.toLowerCase(), value]);
  }
  const all = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
  const [hosts, codings, lengths] = [all('host'), all('transfer-encoding'), all('content-length')];
  if (hosts.length > 1 || (hosts.length === 0 && version === 'HTTP/1.1'))
    return { error: `${hosts.length} hosts` };
  if (hosts.some((host) => !HOST.test(host))) return { error: `the host ${hosts.join()}` };
  const head = { method, target, version, headers };
  const rest = text.slice(end + 4);
  if (codings.length > 0) {
    if (
      lengths.length > 0 ||
      codings.length > 1 ||
      codings[0]?.toLowerCase() !== 'chunked' ||
      version !== 'HTTP/1.1'
    ) {
      return { error: 'the framing' };
    }
    return readChunks(rest, head);
  }
  if (lengths.length > 1 || lengths.some((length) => !/^\d+$/.test(length))) return { error: 'the length' };
  const length = Number(lengths[0] ?? 0);
  if (rest.length < length) return 'incomplete';
  return { request: { ...head, body: rest.slice(0, length) }, rest: rest.slice(length) };
}

function readChunks(bytes: string, head: Omit<StrictRequest, 'body'>): Reading {
  let body = '';
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return 'incomplete';
    const [, digits] = CHUNK.exec(bytes.slice(at, end)) ?? [];
    if (digits === undefined) return { error: `the chunk ${JSON.stringify(bytes.slice(at, end))}` };
    const size = Number.parseInt(digits, 16);
    at = end + 2;
    if (size === 0) return readTrailer(bytes.slice(at), { ...head, body });
    if (bytes.length < at + size + 2) return 'incomplete';
    if (bytes.slice(at + size, at + size + 2) !== '\r\n') return { error: 'the end of a chunk' };
    body += bytes.slice(at, at + size);
    at += size + 2;
  }
}

function readTrailer(bytes: string, request: StrictRequest): Reading {
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return 'incomplete';
    if (end === at) return { request, rest: bytes.slice(end + 2) };
    const [, name] = FIELD.exec(bytes.slice(at, end)) ?? [];
    if (name === undefined || /^(?:content-length|transfer-encoding)$/i.test(name))
      return { error: 'the trailer' };
    at = end + 2;
  }
}
