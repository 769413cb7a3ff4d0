import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { Cache } from './cache.ts';

const WORK_MS = 50;

/** `GET /reports/:id`, which is the same for a while. */
export function redis(parts: Parts): Router {
  const cache = new Cache(parts);
  const router = Router();
  router
    .route('/reports/:id')
    .get(async (req, res) => {
      const { id } = req.params;
      res.json(await cache.get(`report:${id}`, async () => makeReport(id)));
    })
    .all(methodNotAllowed);
  return router;
}

async function makeReport(id: string): Promise<{ id: string; sum: string; madeAt: string }> {
  await sleep(WORK_MS); // in place of the work
  return { id, sum: hash('sha256', id), madeAt: new Date().toISOString() };
}
