import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** As much of PostgreSQL as a client needs to connect and to ask `select 1`. */
export interface Postgres {
  port: number;
  /** Resolves when all clients have gone, with how many went without saying so. */
  left: () => Promise<number>;
  /** Ends as at a restart: every client is cut off, and nobody listens until `start`. */
  stop: () => Promise<void>;
  start: () => Promise<void>;
}

const message = (type: string, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};
const AUTHENTICATION_OK = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const NO_ROWS = message('C', Buffer.from('SELECT 0\0'));
const GOODBYE = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

export async function startPostgres(): Promise<Postgres> {
  const sockets = new Set<Socket>();
  let impolite = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let polite = false;
    socket.once('close', () => {
      sockets.delete(socket);
      if (!polite) impolite++;
    });
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATION_OK, READY]));
      // Each message of a client that asks one thing at a time comes in one piece.
      socket.on('data', (data) => {
        polite = data.toString('latin1', 0, 1) === 'X';
        if (polite) socket.end();
        else socket.write(Buffer.concat([NO_ROWS, READY]));
      });
    });
  });
  let port = 0;
  const start = async () => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await start();
  return {
    port,
    left: async () => {
      await Promise.all([...sockets].map(async (socket) => once(socket, 'close')));
      return impolite;
    },
    start,
    stop: async () => {
      for (const socket of sockets) socket.end(GOODBYE);
      await once(server.close(), 'close');
    },
  };
}
