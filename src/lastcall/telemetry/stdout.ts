import { fstatSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import { LogBuffer } from './log-buffer.ts';
import { LogPipe, type LogPipeOptions } from './log-pipe.ts';

/** Where the log goes. */
export interface LogOutput {
  /** @param line with its line break; one that is urgent is out when this returns, with all that came before it */
  write(line: string, urgent: boolean): void;
  flush(): void;
  /** Whether lines may wait for a few milliseconds, to be written together. Not to begin with; never on a terminal. */
  set gathering(gathering: boolean);
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
  const sink = kind.isFIFO() || kind.isSocket() ? pipeSink(lossLine) : fileSink();
  const buffer = new LogBuffer(sink.write);
  process.once('exit', () => {
    buffer.gathering = false;
    sink.end();
  });
  return {
    write: (line, urgent) => buffer.write(line, urgent),
    flush: () => buffer.flush(),
    set gathering(gathering: boolean) {
      buffer.gathering = gathering && !kind.isCharacterDevice();
    },
    get dropped() {
      return sink.dropped();
    },
  };
}

interface Sink {
  write: (text: string, lines: number) => void;
  dropped: () => number;
  end: () => void;
}

function pipeSink(lossLine: LogPipeOptions['lossLine']): Sink {
  const pipe = new LogPipe({ write: nonBlockingWrite(), lossLine });
  return {
    write: (text, lines) => pipe.write(text, lines),
    dropped: () => pipe.dropped,
    end: () => pipe.sendLast(),
  };
}

function fileSink(): Sink {
  const destination = pino.destination({ dest: 1, sync: true });
  destination.on('error', () => undefined); // a full disk: the service goes on in silence
  return { write: (text) => void destination.write(text), dropped: () => 0, end: () => undefined };
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
