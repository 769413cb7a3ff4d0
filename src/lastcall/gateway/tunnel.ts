import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { patientTimeout } from '../lifecycle/loop-clock.ts';
import { http } from '../listener/node-http.ts';
import { rawProblem } from '../http/problem.ts';
import { type AnswerHead, breakAnswer, writeAnswerHead } from './answer.ts';
import { returnedHeaders } from './forwarded-headers.ts';
import type { CountOutcome } from './outcomes.ts';
import type { ClientSpan, Tracing } from '../telemetry/tracing.ts';
import type { GatewayTarget } from './targets.ts';
import { WebSocketGoodbye } from './websocket-goodbye.ts';

export interface TunnelParts {
  req: IncomingMessage;
  /** The client. */
  socket: Socket;
  /** What the client has sent behind its handshake. */
  head: Buffer;
  target: GatewayTarget;
  path: string;
  headers: IncomingHttpHeaders;
  timeoutMs: number;
  /** Our name in `Via`. */
  via: string;
  count: CountOutcome;
  tracing: Tracing | undefined;
}

/**
 * Connects a WebSocket client with its target, and says goodbye to it in the window. Nothing that the client sends
 * reaches the target before that has agreed; a target that does not want to has its answer passed on.
 */
export function tunnel(parts: TunnelParts): void {
  const { req, socket, target, path, timeoutMs, count, tracing } = parts;
  const span = tracing?.call(req, { method: 'GET', url: target.url, path });
  const upstream = shakeHands(parts, span);
  const leave = () => upstream.destroy();
  socket.once('close', leave);
  const begun = () => {
    cancel();
    socket.off('close', leave);
  };
  const fail = (status: 502 | 504) => {
    begun();
    upstream.destroy();
    if (socket.destroyed) {
      span?.end({ status: undefined });
      return count(target, 'aborted');
    }
    const outcome = status === 504 ? 'timeout' : 'unreachable';
    span?.end({ status: undefined, error: outcome });
    count(target, outcome);
    socket.write(rawProblem(status, 'the target of this path gave no answer'));
    socket.destroySoon();
  };
  const cancel = patientTimeout(() => fail(504), timeoutMs);

  upstream.once('upgrade', (answer, peer, head) => {
    begun();
    upstream.off('error', onError);
    peer.on('error', () => undefined);
    if (answer.headers.upgrade?.toLowerCase() !== 'websocket') {
      peer.destroy();
      return fail(502);
    }
    span?.end({ status: answer.statusCode });
    count(target, 'upgraded');
    join(parts, answer, peer, head);
  });
  upstream.once('response', (answer) => {
    begun();
    upstream.off('error', onError);
    upstream.on('error', () => undefined);
    refuse(parts, answer, fail);
    span?.end({ status: answer.statusCode });
  });
  const onError = () => fail(502);
  upstream.once('error', onError);
  req.once('error', () => undefined);
}

/** Asks the target. A handshake has no body, whatever its headers say. */
function shakeHands(
  { req, target: { url }, path, headers: given }: TunnelParts,
  span?: ClientSpan,
): ClientRequest {
  const traced = span?.headersFrom(given) ?? given;
  const { host: _host, 'content-length': _length, 'transfer-encoding': _framing, ...headers } = traced;
  const { protocol, hostname, port } = url;
  const upstream = (protocol === 'https:' ? https.request : http.request)({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path,
    headers: { ...headers, connection: 'Upgrade', upgrade: req.headers.upgrade },
    agent: false,
  });
  upstream.end();
  return upstream;
}

/** From now on, it is frames in both directions. */
function join(
  { req, socket, head, via }: TunnelParts,
  answer: IncomingMessage,
  peer: Socket,
  peerHead: Buffer,
) {
  const headers = [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ...returnedHeaders(answer, via)];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`HTTP/1.1 101 ${answer.statusMessage}\r\n${lines}\r\n`, 'latin1');
  if (peerHead.length > 0) peer.unshift(peerHead);
  if (head.length > 0) peer.write(head);
  const goodbye = new WebSocketGoodbye();
  pipeline(peer, goodbye, socket, () => undefined);
  pipeline(socket, peer, () => undefined);
  req.shutdown.onDrain(() => goodbye.say(1001));
}

/** Passes on the answer of a target that wants no WebSocket; there is no other request behind it. */
function refuse(
  { req, socket, target, via, count }: TunnelParts,
  answer: IncomingMessage,
  fail: (status: 502) => void,
) {
  const { statusCode: status = 0, statusMessage: message = '', rawHeaders, httpVersion } = answer;
  const res = new http.ServerResponse(req);
  res.shouldKeepAlive = false;
  try {
    if (status < 200) throw new Error(`unexpected status ${status}`);
    if (answer.httpVersionMajor !== 1) throw new Error('neither HTTP/1.1 nor HTTP/1.0');
    const head: AnswerHead = { status, message, rawHeaders, httpVersion };
    res.assignSocket(socket);
    writeAnswerHead(res, head, via);
  } catch {
    answer.destroy();
    return fail(502);
  }
  res.once('finish', () => socket.destroySoon());
  pipeline(answer, res, (error) => {
    if (!error) return count(target, 'ok');
    count(target, socket.destroyed ? 'aborted' : 'broken');
    if (!socket.destroyed) breakAnswer(res);
  });
}
