import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { causeOf } from './exchange.ts';
import { keepOpen } from './lasting.ts';
import type { LoadParts } from './parts.ts';

/** The other side has said why: it is done, goes away, starts again, or asks to come back later (RFC 6455, 7.4.1). */
const GOODBYES = new Set([1000, 1001, 1012, 1013]);

/** A WebSocket that is opened again whenever it ends; one that ends without a goodbye is lost. Resolves after `stop`. */
export async function keepWebSocket(parts: LoadParts, node: number, stop: AbortSignal): Promise<void> {
  const { plan, service } = parts;
  const path = plan.routes.webSocket;
  await keepOpen(parts, { kind: 'websocket', path }, stop, ({ ended, lost }) => {
    let socket: Socket | undefined;
    const createConnection = () => (socket = service.connect(node));
    const client = new WebSocket(`ws://service${path}`, {
      createConnection,
      headers: plan.headers,
      handshakeTimeout: plan.timeoutMs,
    });
    let answer: IncomingMessage | undefined;
    const route = () => (socket === undefined ? undefined : service.routeOf(socket, answer));
    client.once('upgrade', (res) => (answer = res));
    client.once('unexpected-response', (req, { statusCode }) => {
      lost('status', `status ${statusCode}, not a WebSocket`);
      req.destroy();
    });
    client.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (client.readyState === WebSocket.CONNECTING) lost(causeOf(code, route(), false), code ?? message);
    });
    client.once('close', (code) => {
      if (GOODBYES.has(code)) ended();
      else lost('broken', `close code ${code}`);
    });
    return { route, abort: () => client.terminate() };
  });
}
