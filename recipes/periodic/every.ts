import { setTimeout as sleep } from 'node:timers/promises';
import type { Parts } from '../variables.ts';

/** Something that is done again and again, from the start of the service to the signal. */
export interface Periodic {
  /** Of its hook; a label of its metrics. */
  name: string;
  /** From the end of one run to the start of the next, a tenth more or less, so that replicas don't run in step. */
  intervalMs: number;
  /** One run. It may take as long as it likes; the signal fires when the shutdown can't wait for it any longer. */
  run: (signal: AbortSignal) => Promise<void>;
}

/** Does it in this process, whatever other replicas do, and never twice at the same time. A run that fails is not the last. */
export function every({ name, intervalMs, run }: Periodic, parts: Parts): void {
  const { hooks, logger, metrics, shutdownSignal } = parts;
  const runs = metrics.counter('periodic_runs_total', 'Runs of what is done again and again.', [
    'name',
    'outcome',
  ]);
  for (const outcome of ['done', 'failed']) runs.inc({ name, outcome }, 0);
  const late = new AbortController();

  // #region loop
  const loop = async () => {
    while (!shutdownSignal.aborted) {
      try {
        await run(late.signal);
        runs.inc({ name, outcome: 'done' });
      } catch (err) {
        runs.inc({ name, outcome: 'failed' });
        logger.warn({ err, periodic: name }, `${name} failed`);
      }
      const pauseMs = intervalMs * (0.9 + 0.2 * Math.random());
      await sleep(pauseMs, undefined, { signal: shutdownSignal }).catch(() => undefined); // the signal ends the pause
    }
  };
  let ended: Promise<void> | undefined;
  hooks.add({
    name,
    start: () => void (ended = loop()),
    stop: async (signal) => {
      signal.addEventListener('abort', () => late.abort());
      await ended;
    },
  });
  // #endregion loop
}
