import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LatencyProxy {
  url: string;
  close: () => void;
}

/** A TCP proxy that takes its time in both directions, for data, FIN and reset alike: the network between two nodes. */
export async function latencyProxy(target: string, delayMs: number): Promise<LatencyProxy> {
  const port = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      const later = (act: () => void) => setTimeout(act, delayMs);
      from.on('data', (chunk) => later(() => to.write(chunk)));
      from.on('end', () => later(() => to.end()));
      from.on('error', () => later(() => to.resetAndDestroy()));
      from.on('close', () => sockets.delete(from));
    }
  }).listen({ port: 0, host: '127.0.0.1', backlog: 2000 });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
