import { rawTarget } from './raw-target.ts';
import { readRequest, type StrictRequest } from './strict-http.ts';

/** A target of the gateway that takes nothing but what RFC 9112 writes, and answers `ok`. */
export interface StrictTarget {
  url: string;
  /** The whole requests that have come. */
  requests: StrictRequest[];
  /** What it could not read. */
  errors: string[];
}

export async function strictTarget(): Promise<StrictTarget> {
  const requests: StrictRequest[] = [];
  const errors: string[] = [];
  const unread = new WeakMap<object, string>();
  const { url } = await rawTarget((packet, socket) => {
    let bytes = (unread.get(socket) ?? '') + packet;
    for (;;) {
      const reading = bytes === '' ? 'incomplete' : readRequest(bytes);
      if (reading === 'incomplete') break;
      if ('error' in reading) {
        errors.push(`${reading.error} in ${JSON.stringify(bytes.slice(0, 500))}`);
        socket.destroy();
        return undefined;
      }
      requests.push(reading.request);
      const body = reading.request.method === 'HEAD' ? '' : 'ok';
      socket.write(`HTTP/1.1 200 OK\r\nX-Target: strict\r\nContent-Length: 2\r\n\r\n${body}`);
      bytes = reading.rest;
    }
    unread.set(socket, bytes);
    return undefined;
  });
  return { url, requests, errors };
}
