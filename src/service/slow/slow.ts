import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestHandler, Router } from 'express';
import { methodNotAllowed, Problem } from '#lastcall';

const MAX_MS = 60_000;

/** `GET /slow?ms=N`: answers after N milliseconds, to have something in flight. */
export function slow(router: Router): void {
  router.route('/slow').get(wait).all(methodNotAllowed);
}

const wait: RequestHandler = async (req, res) => {
  const { ms } = req.query;
  if (typeof ms !== 'string' || !/^\d{1,5}$/.test(ms) || Number(ms) > MAX_MS) {
    throw new Problem(400, `ms is ${JSON.stringify(ms)}, expected a whole number from 0 to ${MAX_MS}`);
  }
  // Ends with the client: nobody waits for the answer any more.
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  await sleep(Number(ms), undefined, { signal: gone.signal }).catch(() => undefined);
  if (!gone.signal.aborted) res.json({ status: 'ok', ms: Number(ms) });
};
