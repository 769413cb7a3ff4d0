// What the gateway of the soaked service has behind it: answers with the body that it gets.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Target {
  url: string;
  /** Requests so far. */
  requests: () => number;
  close: () => void;
}

export async function startTarget(): Promise<Target> {
  let requests = 0;
  const server = createServer((req, res) => {
    requests++;
    req.pipe(res);
  });
  server.keepAliveTimeout = 0; // a target that closes what is idle answers for it: another test's business
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
