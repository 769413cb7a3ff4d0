import { number, object } from '@badrap/valita';
import { Queue, Worker } from 'bullmq';
import { json, Router } from 'express';
import { methodNotAllowed, Problem } from '#lastcall';
import { validBody } from '../body.ts';
import type { Parts } from '../variables.ts';
import { type Export, makeExport } from './export.ts';

const NAME = 'exports';
const body = object({
  pages: number().assert(
    (pages) => Number.isInteger(pages) && pages >= 1 && pages <= 1000,
    'expected 1 to 1000',
  ),
});

/** `POST /exports` puts a job into the queue, `GET /exports/:id` says how it is; every replica does jobs. */
export function queue({ config, variables, hooks, health, metrics, logger, shutdownSignal }: Parts): Router {
  const { url, concurrency } = variables.queue;

  // #region consumer
  const jobs = metrics.counter('jobs_total', 'Jobs that have ended here.', ['outcome']);
  for (const outcome of ['completed', 'failed']) jobs.inc({ outcome }, 0);
  const worker = new Worker<Export, number>(NAME, makeExport, {
    // Commands of a consumer wait for a Redis that is away; BullMQ wants it so.
    connection: { url: url.href, maxRetriesPerRequest: null },
    concurrency,
    autorun: false,
  });
  worker.on('completed', () => jobs.inc({ outcome: 'completed' }));
  worker.on('failed', (job, err) => {
    jobs.inc({ outcome: 'failed' });
    logger.warn({ err, job: job?.id }, 'a job failed');
  });
  worker.on('error', (err) => logger.warn({ err }, 'the consumer has lost its Redis'));

  let closed: Promise<void> | undefined;
  /** Takes no new job from now on; resolves when those that have begun are done. */
  const close = async () => (closed ??= worker.close());
  shutdownSignal.addEventListener('abort', () => void close());
  // #endregion consumer

  // #region producer
  const exports = new Queue<Export, number>(NAME, {
    // A client that waits for its answer is told at once that it can't have one.
    connection: { url: url.href, enableOfflineQueue: false },
    defaultJobOptions: { attempts: 3, removeOnComplete: { age: 3600 }, removeOnFail: { age: 86_400 } },
  });
  exports.on('error', (err) => logger.warn({ err }, 'the queue has lost its Redis'));
  health.add('queue', async () => exports.getJobCountByTypes('waiting'));
  // #endregion producer

  // #region hook
  hooks.add({
    name: 'queue',
    start: () => void worker.run().catch((err: unknown) => logger.error({ err }, 'the consumer has ended')),
    stop: async () => {
      await close();
      await exports.close();
    },
  });
  // #endregion hook

  const router = Router();
  router
    .route('/exports')
    .post(json({ limit: config.bodyLimitBytes }), async (req, res) => {
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
  return router;
}
