import { fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { messageOf } from '../lifecycle/errors.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { terminationMessage } from '../lifecycle/report.ts';

/**
 * Writes the report to the container's termination message, from the first signal on whenever there is news: whoever is
 * killed meanwhile leaves behind how far it came. Before that it stays empty, for with `FallbackToLogsOnError` the
 * kubelet shows the last log lines of a crash only then.
 *
 * To be called before `logLifecycle`: the message is never behind the log. The file is opened now, because there
 * may be no descriptor left in the end.
 *
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
export function writeTerminationLog(path: string, lifecycle: Lifecycle, logger: Logger): void {
  let failed = false;
  /** Tells of the first failure: the others are the same. */
  const attempt = (action: () => void) => {
    try {
      action();
    } catch (err) {
      if (!failed)
        logger.warn({ event: 'termination-log', err }, `no termination message: ${messageOf(err)}`);
      failed = true;
    }
  };
  attempt(() => {
    const file = openSync(path, 'r+');
    const writeProgress = () => {
      const { state } = lifecycle;
      if (state === 'starting' || state === 'ready' || state === 'exited') return;
      attempt(() => writeInPlace(file, terminationMessage(lifecycle.progress())));
    };
    for (const news of ['state', 'listener', 'hook', 'fatal'] as const) lifecycle.on(news, writeProgress);
    lifecycle.on('report', (report) => attempt(() => writeInPlace(file, terminationMessage(report))));
  });
}

/**
 * The file is a bind mount made by the kubelet: it can't be replaced by a rename, only overwritten. One write takes all of
 * it, what is left of a longer text too, and only then it is cut to length: there is no moment in which it is empty, or has
 * the end of another text. What does not go onto a full disk whole is nothing.
 */
function writeInPlace(file: number, text: string): void {
  const message = Buffer.from(text);
  const bytes = Buffer.alloc(Math.max(message.length, fstatSync(file).size), ' ');
  message.copy(bytes);
  if (writeSync(file, bytes, 0, bytes.length, 0) === bytes.length) {
    ftruncateSync(file, message.length);
  } else {
    ftruncateSync(file, 0);
    throw new Error('the disk is full');
  }
}
