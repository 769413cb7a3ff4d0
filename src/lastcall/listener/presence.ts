import type { Connection } from './connection.ts';
import { hasBody } from './request.ts';

/** Between two questions. A request that is answered before the first is not disturbed. */
const ASK_EVERY_MS = 1000;

/**
 * Looks after a client that has ended its side while it has a request in flight. It may wait for the answer (`nc -N`,
 * scripts, some proxies), or it may have gone: TCP does not tell, and nothing is heard of the latter until something is
 * sent. So it is told once in a while that its request is being processed (102, RFC 2518, 10.1; an HTTP/1.1 client has to
 * take any number of 1xx, RFC 9110, 15.2). One that has gone answers with a reset, and its handler learns that.
 */
export function askIfPresent(connection: Connection): void {
  const { socket } = connection;
  const [first] = connection.inFlight;
  if (first?.res?.headersSent && first.ageMs >= ASK_EVERY_MS && !hasBody(first.req)) {
    connection.gone = true; // in the middle of an answer that it was reading
    socket.destroy();
    return;
  }
  const timer = setInterval(() => {
    const [first] = connection.inFlight;
    if (first?.res === undefined || first.res.headersSent || first.req.httpVersion !== '1.1') return;
    first.res.writeProcessing();
  }, ASK_EVERY_MS).unref();
  socket.once('close', () => clearInterval(timer));
}
