// The fixture with routes whose traces say more than when they began and ended.
import { fixture, load } from '../fixture/built.mjs';

function feature(router, _engine, { logger }) {
  /** Asks somebody else. */
  router.get('/calls', async (req, res) => {
    const { status } = await fetch(req.query.url);
    res.json({ status });
  });
  /** Logs by the logger of the service, as the body comes. */
  router.post('/notes', (req, res) => {
    req.on('data', (chunk) => logger.info({ event: 'note' }, String(chunk)));
    req.on('end', () => res.end());
  });
  /** With an error that nobody may read. */
  router.get('/refuses', () => {
    throw Object.defineProperty(new Error('hidden'), 'message', {
      get() {
        throw new Error('not mine');
      },
    });
  });
  router.get('/fails', () => {
    throw new TypeError('no luck');
  });
}

const { run } = await load('run');
await run(process.env, await fixture([feature]));
