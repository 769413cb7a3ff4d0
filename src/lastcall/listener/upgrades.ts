import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import { http } from './node-http.ts';
import { objectionTo } from './objection.ts';
import type { Refusal, Refuse } from './refusal.ts';
import { hasBody } from './request.ts';
import { toOriginForm } from './request-target.ts';

/** Takes a socket that was upgraded; `head` is what has arrived behind the request. */
export type UpgradeHandler = (req: IncomingMessage, socket: Socket, head: Buffer) => void;

export interface Detached {
  req: IncomingMessage;
  socket: Socket;
  head: Buffer;
}

/**
 * A request behind which Node's parser lets go of the connection: an upgrade, or CONNECT. Requests before it may still
 * be in flight, so `take` is called when it is its turn, unless the connection has ended by then.
 */
export function takeDetached(
  connections: Connections,
  { req, socket: detached }: Detached,
  take: (connection: Connection) => void,
): void {
  const { socket } = req; // since Node 26, what is handed over for a request with a body is a stream of its own
  detached.on('error', () => undefined); // Node has taken its own listener away
  const connection = Connection.of(socket);
  if (connection === undefined) {
    socket.destroy();
    return;
  }
  if (connection.saidClose || connection.endedBy !== undefined || connection.turn !== undefined) {
    connection.unread = true;
    socket.resume();
    return;
  }
  // It has taken away what tells a response that its socket has room again, too.
  const goOn = () => {
    const [first] = connection.inFlight;
    first?.res?.emit('drain');
  };
  socket.on('drain', goOn);
  connections.takeTurn(connection, () => {
    socket.removeListener('drain', goOn);
    socket.setTimeout(0); // keep-alive's, of the answer before
    take(connection);
  });
}

const BODY_AND_UPGRADE: Refusal = {
  status: 400,
  detail: 'a request that offers an upgrade can not have a body here',
};

/**
 * Upgrades to WebSocket, which begin with a GET (RFC 6455, 4.1), go to their handler. Upgrades to anything else (Java's HTTP
 * client offers h2c with every request) stay requests: a server may ignore the offer (RFC 9110, 7.8). None of them may have a body: Node parses none
 * behind an upgrade or, since 26, hands over something that is no socket.
 */
export function onUpgrade(
  connections: Connections,
  detached: Detached,
  {
    upgrade,
    serve,
    refuse,
  }: {
    upgrade: UpgradeHandler;
    serve: (req: IncomingMessage, res: ServerResponse) => void;
    refuse: Refuse;
  },
): void {
  const { req, socket, head } = detached;
  takeDetached(connections, detached, (connection) => {
    const objection = objectionTo(req) ?? (hasBody(req) ? BODY_AND_UPGRADE : undefined);
    toOriginForm(req);
    if (objection !== undefined) {
      const res = lastResponse(req, connection.socket);
      connections.turnAway(req, res, () => refuse(objection, res));
    } else if (req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket') {
      connections.upgrade(req, connection);
      upgrade(req, socket, head);
    } else {
      const res = lastResponse(req, socket);
      connections.begin(req, res, () => serve(req, res));
    }
  });
}

const UPGRADE = /(?:^|,)\s*upgrade\s*(?:,|$)/i;

/**
 * Whether it offers an upgrade, where it is a request for Node, because nobody takes upgrades. Node loses what came in the
 * same packet behind one of those, and what comes later would be answered in place of that (seen in 20 to 26): its answer
 * has to be the last.
 */
export function offersUpgrade({ headers: { upgrade, connection } }: IncomingMessage): boolean {
  return upgrade !== undefined && upgrade !== '' && UPGRADE.test(connection ?? '');
}

/** Answers a request whose socket Node's server has let go of; the connection ends behind it. */
function lastResponse(req: IncomingMessage, socket: Socket): ServerResponse {
  socket.resume(); // what is behind it, and its end
  const res = new http.ServerResponse(req);
  res.assignSocket(socket);
  res.shouldKeepAlive = false;
  res.once('finish', () => socket.destroySoon());
  return res;
}

/** A tunnel is nothing that this server makes (RFC 9110, 9.3.6). */
export function onConnect(connections: Connections, detached: Detached, refuse: Refuse): void {
  takeDetached(connections, detached, (connection) => {
    const impossible = {
      status: 405,
      detail: 'CONNECT is not possible here',
      headers: { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' },
    };
    const { socket } = connection;
    connection.unread = true;
    socket.resume(); // what is behind it, and its end
    refuse(objectionTo(detached.req) ?? impossible, socket);
    socket.destroySoon();
  });
}
