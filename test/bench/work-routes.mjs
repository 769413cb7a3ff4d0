// Routes that take a core some time, so that it can be asked for more than it has.
import { pbkdf2Sync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of SHA-256: one and a half milliseconds of a core of 2026. */
const ITERATIONS = 8000;
/** What somebody else takes to answer. */
const REMOTE_MS = 5;
/** Of a pool, and how long each is in use. */
const POOL = { connections: 10, ms: 20 };

const compute = () => pbkdf2Sync('password', 'salt', ITERATIONS, 32, 'sha256').toString('hex');

/** Adds `/compute`, which does all of it at once; `/render`, which asks somebody first; `/pooled`, which waits its turn. */
export function addWork(router) {
  router.get('/compute', (_req, res) => {
    res.json({ result: compute() });
  });
  router.get('/render', async (_req, res) => {
    await sleep(REMOTE_MS);
    res.json({ result: compute() });
  });
  let inUse = 0;
  const waiting = [];
  router.get('/pooled', async (_req, res) => {
    if (inUse === POOL.connections) await new Promise((resolve) => void waiting.push(resolve));
    else inUse++;
    await sleep(POOL.ms);
    const next = waiting.shift();
    if (next === undefined) inUse--;
    else next();
    res.json({ result: 'row' });
  });
  return router;
}
