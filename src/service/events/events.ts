import type { RequestHandler, Router } from 'express';
import { methodNotAllowed } from '#lastcall';

const INTERVAL_MS = 1000;
/** When the browser's EventSource comes back: by then the next pod answers. */
const RETRY_MS = 1000;

/** `GET /events`: a stream that says goodbye. */
export function events(router: Router): void {
  router.route('/events').get(stream).all(methodNotAllowed);
}

// #region stream
/**
 * Server-sent events once a second. At the shutdown signal the stream says goodbye and ends by
 * itself, so that the client reconnects elsewhere while this process still has time.
 */
const stream: RequestHandler = (req, res) => {
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  res.write(`retry: ${RETRY_MS}\n\n`);
  let id = 0;
  const tick = () =>
    res.write(`id: ${++id}\ndata: ${JSON.stringify({ time: new Date().toISOString() })}\n\n`);
  const timer = setInterval(tick, INTERVAL_MS);
  const goodbye = () => {
    clearInterval(timer);
    res.end('event: goodbye\ndata: {"reason":"shutdown"}\n\n');
  };
  res.once('close', () => clearInterval(timer));
  tick();
  req.shutdown.onDrain(goodbye);
};
// #endregion stream
