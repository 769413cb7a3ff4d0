import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const TCP_KEEP_ALIVE_MS = 60_000;
/** Our name for ECONNRESET where undici must not see it. */
const RESET = 'ERR_TARGET_RESET';

/** Of the last TLS connection: the next one needs no whole handshake. */
export interface SessionCache {
  session: Buffer | undefined;
}

/**
 * Connects to a target. There is no time-out here: whoever waits for it destroys the socket.
 *
 * @param where `https:`, a host (IPv6 without brackets) and a port, which may be empty
 * @param done is called once, unless the socket is destroyed before
 */
export function openSocket(
  where: { protocol: string; hostname: string; port: string },
  cache: SessionCache,
  done: (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
): Socket {
  const tls = where.protocol === 'https:';
  const host = where.hostname;
  const port = Number(where.port || (tls ? 443 : 80));
  const socket: Socket = tls
    ? connectTls({ host, port, ALPNProtocols: ['http/1.1'], session: cache.session })
    : connect({ host, port });
  socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
  if (tls) socket.on('session', (session: Buffer) => (cache.session = session));
  let connected = false;
  socket.once(tls ? 'secureConnect' : 'connect', () => {
    connected = true;
    done(null, socket);
  });
  // Before undici's own listener, which takes ECONNRESET for the end of an answer that ends with its connection, and
  // fails an assertion, uncaught, if that answer was paused.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') error.code = RESET;
    if (!connected) done(error, null);
  });
  return socket;
}

/**
 * Whether what ended an answer by ending its connection was a reset. libuv reports that as an ordinary end when it comes
 * together with data; but a connection that was reset has no peer any more. Nobody may ask for the address before: Node
 * would keep it.
 */
export function endedByReset(socket: Socket): boolean {
  return socket.readableEnded && socket.remoteAddress === undefined;
}

/** An error of a connection in a word or two, for people: `ECONNREFUSED`, `unexpected status 99`. */
export function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const closed = code === RESET || ['other side closed', 'closed'].includes(message);
  if (closed) return 'ECONNRESET';
  return code === undefined || code === 'UND_ERR_SOCKET' ? message : code;
}
