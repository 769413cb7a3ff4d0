// The fixture with routes whose traces say more than when they began and ended.
import { fixture, load } from '../fixture/built.mjs';

function feature(router, { jsonBody }, { logger }) {
  /** Asks somebody else. */
  router.get('/calls', async (req, res) => {
    const { status } = await fetch(req.query.url);
    res.json({ status });
  });
  /** Logs by the logger of the service, once the body is there. */
  router.post('/notes', jsonBody({ limit: 1000 }), (req, res) => {
    logger.info({ event: 'note' }, req.body.text);
    res.end();
  });
  router.get('/fails', () => {
    throw new TypeError('no luck');
  });
}

const { run } = await load('run');
await run(process.env, await fixture([feature]));
