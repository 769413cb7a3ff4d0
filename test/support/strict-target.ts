import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { readRequest, type StrictRequest } from './strict-http.ts';

/** A target of the gateway that takes nothing but what RFC 9112 writes, and answers `ok`. */
export interface StrictTarget {
  url: string;
  /** The whole requests that have come. */
  requests: StrictRequest[];
  /** What it could not read. */
  errors: string[];
  close: () => void;
}

export async function strictTarget(): Promise<StrictTarget> {
  const requests: StrictRequest[] = [];
  const errors: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let bytes = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.on('data', (packet) => {
      bytes += packet.toString('latin1');
      for (;;) {
        const reading = bytes === '' ? 'incomplete' : readRequest(bytes);
        if (reading === 'incomplete') return;
        if ('error' in reading) {
          errors.push(`${reading.error} in ${JSON.stringify(bytes.slice(0, 500))}`);
          socket.destroy();
          return;
        }
        requests.push(reading.request);
        const body = reading.request.method === 'HEAD' ? '' : 'ok';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`);
        bytes = reading.rest;
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, errors, close };
}
