import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { Cache } from './cache.ts';

const WORK_MS = 50;

/** `GET /reports/:id`, which is the same for a while. */
export function redis(router: Router, parts: Parts): void {
  const cache = new Cache(parts);
  router
    .route('/reports/:id')
    .get(async (req, res) => {
      const { id } = req.params;
      res.json(await cache.get(`report:${id}`, async () => makeReport(id)));
    })
    .all(methodNotAllowed);
}

async function makeReport(id: string): Promise<{ id: string; sum: string; madeAt: string }> {
  await sleep(WORK_MS); // in place of the work
  return { id, sum: hash('sha256', id), madeAt: new Date().toISOString() };
}
