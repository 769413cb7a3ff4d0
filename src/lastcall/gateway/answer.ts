import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { http } from '../listener/node-http.ts';
import { returnedHeaders } from './forwarded-headers.ts';

/** Obs-text and what Node allows in a reason phrase. */
const PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface AnswerHead {
  status: number;
  /** The reason phrase. */
  message: string;
  /** Name, value, name, value. */
  rawHeaders: string[];
  httpVersion: string;
}

/**
 * Writes the head of a target's answer to the client, in place of what is set so far but for the request id: security
 * headers of our own pages are not those of the target's.
 *
 * @throws Error when its body may end elsewhere than it seems to, or when there is something in it that can't be sent; the
 * response is then as it was
 */
export function writeAnswerHead(res: ServerResponse, head: AnswerHead, via: string): void {
  const { status, message } = head;
  if (isCodedOtherwise(head)) throw new Error('its Transfer-Encoding is not chunked, once and of HTTP/1.1');
  const own = res.getHeaders();
  try {
    for (const name in own) if (name !== 'x-request-id') res.removeHeader(name);
    // Not by writeHead: of two Set-Cookie it would keep one, because the request id is set already (Node 20).
    for (const [name, value] of returnedHeaders(head, via)) res.appendHeader(name, value);
    res.writeHead(status, PHRASE.test(message) ? message : http.STATUS_CODES[status]);
  } catch (error) {
    if (!res.headersSent) {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      for (const [name, value = ''] of Object.entries(own)) res.setHeader(name, value);
    }
    throw error;
  }
}

/**
 * A body that is coded in another way would reach the client without the header that says so; HTTP/1.0 knows no coding, and
 * whoever sends one has not made this answer for this connection (RFC 9112, 6.1).
 */
function isCodedOtherwise({ rawHeaders, httpVersion }: AnswerHead): boolean {
  let codings = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'transfer-encoding') continue;
    codings++;
    if (rawHeaders[i + 1]?.toLowerCase() !== 'chunked') return true;
  }
  return codings > 1 || (codings === 1 && httpVersion !== '1.1');
}

/** Whether the answer to this request has no body, whatever its headers say. */
export function hasNoBody(method: string | undefined, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/**
 * Breaks off an answer whose rest will never come, so that its client can't take it for a whole one. Where nothing but
 * the end of the connection ends the answer (HTTP/1.0), that takes a reset.
 */
export function breakAnswer(res: ServerResponse): void {
  const { socket } = res;
  if (socket === null) {
    // Pipelined: the connection still carries an earlier answer. Nothing of this one has been sent.
    res.once('socket', (later: Socket) => later.destroy());
  } else if (res.chunkedEncoding || res.hasHeader('content-length')) {
    socket.destroy();
  } else {
    reset(socket);
  }
}

/** Without a reset, a TLS client sees the end of the TCP connection and no close_notify, which not every one minds. */
function reset(socket: Socket): void {
  const { _parent: parent } = socket as Socket & { _parent?: unknown };
  if (parent instanceof Socket) parent.resetAndDestroy();
  else if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
