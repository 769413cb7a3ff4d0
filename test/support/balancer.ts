import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** Stands for a Service: each connection goes to the next target, and stays there when that is removed. */
export interface Balancer {
  url: string;
  server: Server;
  remove: (target: string) => void;
}

/** Forwards connections, byte by byte and end by end; a reset on one side is one on the other. */
export async function startBalancer(urls: string[]): Promise<Balancer> {
  const targets = [...urls];
  let next = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const { port } = new URL(targets[next++ % targets.length] ?? '');
    const target = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    client.pipe(target).pipe(client);
    client.on('error', () => target.resetAndDestroy());
    target.on('error', () => client.resetAndDestroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    remove: (target) => targets.splice(targets.indexOf(target), 1),
  };
}
