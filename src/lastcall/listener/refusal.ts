import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { loopClock } from '../lifecycle/loop-clock.ts';
import { http } from './node-http.ts';

/** What is said in place of the application. */
export interface Refusal {
  status: number;
  /** For people. */
  detail: string;
  headers?: Record<string, string>;
}

/**
 * Says it: on the response of a request that has begun, or on a socket that has no other answer under way. It ends the
 * answer, not the connection.
 */
export type Refuse = (refusal: Refusal, to: ServerResponse | Socket) => void;

/**
 * Why a connection is refused: descriptors are about to run out, as many are open as may be, or there is no TLS with this
 * client.
 */
export type ConnectionRefusal = 'descriptors' | 'limit' | 'handshake';

/** Of all that is refused on a socket, before it is a request that is counted as one. */
export const REFUSAL_STATUSES = [400, 404, 405, 408, 413, 431] as const;

/** A status line and no body. */
export const refuseTersely: Refuse = ({ status, headers }, to) => {
  if (to instanceof http.ServerResponse) to.writeHead(status, { ...headers, 'Content-Length': 0 }).end();
  else to.write(rawAnswer(status, { ...headers, 'Content-Length': '0' }, ''));
};

/** A whole answer, for a socket that has no ServerResponse; it says close. */
export function rawAnswer(status: number, headers: Record<string, string>, body: string): string {
  const lines = Object.entries({ Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

const UNREADABLE = 'the request could not be read as HTTP';
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';
const REFUSALS: Record<string, Refusal> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'the headers of the request are too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'the chunk extensions of the request are too large' },
  [TOO_SLOW]: { status: 408, detail: 'the request took too long to arrive' },
};

/**
 * Answers what Node's parser gives up on: bad syntax, headers too large, a request that takes too long to arrive. Only
 * the one that it is about is refused; those before it on the connection are answered first.
 */
export async function refuseUnreadable(
  connections: Connections,
  connection: Connection,
  error: NodeJS.ErrnoException,
  refuse: Refuse,
): Promise<void> {
  const { code = '' } = error;
  if (code === TOO_SLOW) {
    const arrived = await hearOut(connection);
    if (!arrived) refuseNext(connections, connection, error, refuse);
  } else if (code.startsWith('HPE_')) {
    refuseNext(connections, connection, error, refuse);
  } else {
    connection.socket.destroy(); // the socket itself has failed
  }
}

/** Gives a slow request the time that the event loop has stood still, and says whether it has arrived now. */
async function hearOut(connection: Connection): Promise<boolean> {
  const { newest, stalledMs } = connection;
  const unfinished = newest?.req.complete === false ? newest : undefined;
  await loopClock.look();
  if (stalledMs > 0) {
    await new Promise((resolve) => void setTimeout(resolve, stalledMs).unref());
    await loopClock.look();
  }
  if (connection.socket.destroyed) return true;
  return unfinished === undefined ? connection.newest !== newest : unfinished.req.complete;
}

function refuseNext(
  connections: Connections,
  connection: Connection,
  error: NodeJS.ErrnoException,
  refuse: Refuse,
): void {
  const { newest, socket } = connection;
  const about = newest?.req.complete === false ? newest : undefined;
  connection.unread = true;
  if (connection.saidClose) return; // it was refused before, and goes on to send what can't be read
  if (about !== undefined) about.start = undefined;
  const take = () => {
    if (!socket.writable) return void socket.destroy();
    const res = about?.res;
    // Its answer came before its body. Another one would be taken for the answer to the next request.
    if (about?.outcome !== undefined) return socket.destroySoon();
    if (res?.writableEnded) return void res.once('finish', () => socket.destroySoon());
    // A body that ends in the middle because its client has left, or behind an answer that has begun: nothing to say.
    if (res !== undefined && (connection.peerEnded || res.headersSent)) return void socket.destroy();
    const refusal = REFUSALS[error.code ?? ''] ?? { status: 400, detail: UNREADABLE };
    if (res === undefined) {
      refuse(refusal, socket);
      socket.destroySoon();
    } else {
      connection.saidClose = true;
      res.shouldKeepAlive = false;
      refuse(refusal, res);
    }
  };
  connections.takeTurn(connection, take, about);
}
