import { number, object } from '@badrap/valita';
import type { Router } from 'express';
import { jsonBody, methodNotAllowed, Problem } from '#lastcall';
import { validBody } from '../body.ts';
import type { Parts } from '../variables.ts';
import { consume } from './consumer.ts';
import { openQueue } from './open.ts';

const body = object({
  pages: number().assert(
    (pages) => Number.isInteger(pages) && pages >= 1 && pages <= 1000,
    'expected 1 to 1000',
  ),
});

/** `POST /exports` puts a job into the queue, `GET /exports/:id` says how it is; every replica does jobs. */
export function queue(router: Router, parts: Parts): void {
  const exports = openQueue(parts);
  consume(parts);

  router
    .route('/exports')
    .post(jsonBody({ limit: parts.config.bodyLimitBytes }), async (req, res) => {
      const { id } = await exports.add('export', validBody(body, req));
      res.status(202).location(`/exports/${id}`).json({ id });
    })
    .all(methodNotAllowed);
  router
    .route('/exports/:id')
    .get(async (req, res) => {
      const { id } = req.params;
      const job = await exports.getJob(id);
      if (job === undefined) throw new Problem(404, `there is no export ${id}`);
      res.json({ id, state: await job.getState(), progress: job.progress });
    })
    .all(methodNotAllowed);
}
