import type { Socket } from 'node:net';

/**
 * Node stops to read from a connection while answers queue up behind a slow one. A TLS socket goes on to decrypt what
 * it has got all the same, a record at a time, and Node's parser, which is paused, makes an error of each; plain `https`
 * destroys the connection, and the answers with it (seen in 20 to 26). Nothing of the record is lost: put behind what
 * else waits on the socket, it is parsed when reading goes on.
 *
 * @returns whether the error was one of those
 */
export function putBackIfPaused(
  error: NodeJS.ErrnoException & { rawPacket?: Buffer },
  socket: Socket,
): boolean {
  const { code, rawPacket } = error;
  // On a socket that is not paused it would be parsed at once, and come back here.
  if (code !== 'HPE_PAUSED' || rawPacket === undefined || !socket.isPaused()) return false;
  socket.push(Buffer.from(rawPacket)); // a copy: the parser's own buffer is used again
  return true;
}
