import { Worker } from 'bullmq';
import type { Parts } from '../variables.ts';
import { type Export, makeExport } from './export.ts';
import { NAME } from './open.ts';

/** Does jobs, from the start of the service to the signal. */
export function consume({ variables, hooks, metrics, logger, shutdownSignal }: Parts): void {
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
  shutdownSignal.addEventListener('abort', () => void close().catch(() => undefined)); // the hook says why
  // #endregion consumer

  // #region hook
  hooks.add({
    name: 'consumer',
    start: () => void worker.run().catch((err: unknown) => logger.error({ err }, 'the consumer has ended')),
    stop: close,
  });
  // #endregion hook
}
