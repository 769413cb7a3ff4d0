import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { type Progress, type Report, terminationMessage } from '../lifecycle/report.ts';

/**
 * Writes the report to the container's termination message, from the first signal on at every change of state:
 * whoever is killed meanwhile leaves behind how far it came. Before that it stays empty, for with
 * `FallbackToLogsOnError` the kubelet shows the last log lines of a crash only then.
 *
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
export function writeTerminationLog(path: string, lifecycle: Lifecycle, logger: Logger): void {
  const write = (report: Report | Progress) => {
    try {
      writeInPlace(path, terminationMessage(report));
    } catch (error) {
      logger.debug({ event: 'termination-log', err: error }, `no termination message: ${path}`);
    }
  };
  lifecycle.on('state', ({ state }) => {
    if (state !== 'ready' && state !== 'exited') write(lifecycle.progress());
  });
  lifecycle.on('report', write);
}

/**
 * The file is a bind mount made by the kubelet: it can't be replaced by a rename, only overwritten. It is cut to
 * length after the writing, so that there is no moment in which it is empty.
 */
function writeInPlace(path: string, text: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
  } finally {
    closeSync(file);
  }
}
