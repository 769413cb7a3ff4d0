import { Queue } from 'bullmq';
import type { Parts } from '../variables.ts';
import type { Export } from './export.ts';

export const NAME = 'exports';

/** The queue, to put jobs into and to look at, and the check of its Redis. */
export function openQueue({ variables, hooks, health, logger }: Parts): Queue<Export, number> {
  // #region open
  const queue = new Queue<Export, number>(NAME, {
    // A client that waits for its answer is told at once that it can't have one.
    connection: { url: variables.queue.url.href, enableOfflineQueue: false },
    defaultJobOptions: { attempts: 3, removeOnComplete: { age: 3600 }, removeOnFail: { age: 86_400 } },
  });
  queue.on('error', (err) => logger.warn({ err }, 'the queue has lost its Redis'));
  hooks.add({ name: 'queue', stop: async () => queue.close() });
  health.add('queue', async () => queue.getJobCountByTypes('waiting'));
  // #endregion open
  return queue;
}
