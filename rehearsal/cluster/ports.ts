import { once } from 'node:events';
import { createServer } from 'node:net';
import { RehearsalError } from '../errors.ts';

/** Below the ports that Linux (32768), macOS and Windows (49152) give to outgoing connections, which would take them. */
const FIRST = 12_000;
const LAST = 32_000;
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A port of the loopback interface that nobody listens on. Each is given out once. */
export async function freePort(): Promise<number> {
  for (let tries = FIRST; tries < LAST; tries++) {
    const port = (next = next >= LAST ? FIRST : next + 1); // others may ask meanwhile
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    await once(server.close(), 'close');
    return port;
  }
  throw new RehearsalError('REHEARSAL_FAILED', `no free port from ${FIRST} to ${LAST}`);
}
