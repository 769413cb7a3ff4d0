import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';

/** What a client asks for. */
export interface Export {
  pages: number;
}

const PAGE_MS = 100;

/**
 * A job that takes a while. It may run twice: a process that was killed half-way has not said that it was done, so whatever
 * it does must be able to happen again.
 *
 * @returns how many pages it has made
 */
export async function makeExport(job: Pick<Job<Export>, 'data' | 'updateProgress'>): Promise<number> {
  for (let page = 1; page <= job.data.pages; page++) {
    await sleep(PAGE_MS); // in place of the work
    await job.updateProgress(page);
  }
  return job.data.pages;
}
