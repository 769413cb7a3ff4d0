import { fstatSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import { LogPipe, type LogPipeOptions } from './log-pipe.ts';

/** Where the log goes. */
export interface LogOutput {
  /** @param line with its line break */
  write(line: string): void;
  /** Lines that were dropped, ever, because nobody read them. */
  readonly dropped: number;
}

/**
 * Standard output, written to synchronously: any other way loses the last lines when the process ends, and the last
 * line is the shutdown report. A pipe or a socket is never waited for; a terminal and a file are.
 *
 * @param lossLine the line that says how many were dropped
 */
export function stdout(lossLine: LogPipeOptions['lossLine']): LogOutput {
  const kind = fstatSync(1);
  if (kind.isFIFO() || kind.isSocket()) {
    const pipe = new LogPipe({ write: nonBlockingWrite(), lossLine });
    process.once('exit', () => pipe.sendLast());
    return pipe;
  }
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on('error', () => undefined); // a full disk: the service goes on in silence
  return { write: (line) => void destination.write(line), dropped: 0 };
}

/**
 * libuv makes fd 1 non-blocking when `process.stdout` is first asked for, but the flag belongs to the pipe and not to
 * the process: whoever starts a child that inherits the pipe makes it block again, libuv's own spawn included. So it is
 * set before each write, which costs 0.3 µs.
 */
function nonBlockingWrite(): LogPipeOptions['write'] {
  const { _handle: handle } = process.stdout as { _handle?: { setBlocking?: (blocking: boolean) => void } };
  return (bytes) => {
    handle?.setBlocking?.(false);
    return writeSync(1, bytes);
  };
}
