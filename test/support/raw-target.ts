import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { own } from '../harness/own.ts';

/** A target of the gateway that speaks bytes, not HTTP. */
export interface RawTarget {
  url: string;
  /** Everything that it was sent, over all connections. */
  received: string;
  connections: Socket[];
  /** Resolves when as many requests have come, counted by the end of their heads. */
  requests: (count: number) => Promise<void>;
}

/**
 * @param answer is called with each packet, which has a whole request as long as that is small and alone; the text that
 * it returns is the answer
 */
export async function rawTarget(
  answer: (request: string, socket: Socket) => string | undefined,
): Promise<RawTarget> {
  const server = createServer((socket) => {
    target.connections.push(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const text = data.toString('latin1');
      target.received += text;
      const bytes = answer(text, socket);
      if (bytes !== undefined) socket.write(bytes, 'latin1');
      server.emit('packet');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  own(() => {
    for (const socket of target.connections) socket.destroy();
    server.close();
  });
  const target: RawTarget = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: '',
    connections: [],
    requests: async (count) => {
      while (target.received.split('\r\n\r\n').length <= count) await once(server, 'packet');
    },
  };
  return target;
}
