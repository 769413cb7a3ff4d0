import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below those that Linux gives to clients (32768 and above): one that knocks before the server is there would connect to
 * itself, and any other might take it.
 */
const [FIRST, COUNT] = [10_000, 20_000];

/** Ports that were free a moment ago. All are held until the last is known, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const held: [port: number, server: Server][] = [];
  while (held.length < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    try {
      await once(server.listen(port), 'listening');
      held.push([port, server]);
    } catch {
      continue; // somebody has it
    }
  }
  await Promise.all(held.map(async ([, server]) => once(server.close(), 'close')));
  return held.map(([port]) => port);
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port = NaN] = await freePorts(1);
  return port;
}
