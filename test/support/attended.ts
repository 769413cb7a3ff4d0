// A service that a program attends for minutes, outside of any test: where it listens, what it complains about, how it ends.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { type LogLine, lineOf, LogLines, urlOf } from '../harness/log-lines.ts';

const KEPT = /"event":"(?:listening|shutdown)"/;
const EVERYDAY = /"level":"(?:debug|info)"/;

export interface Attended {
  /** By listener: `http`, `https`, `management`. */
  url: (listener: string) => Promise<string>;
  /** What it has said on a level above info, and what is no line of the log. */
  complaints: LogLine[];
  /** SIGTERM; resolves when the process has ended. */
  terminate: () => Promise<{ code: number | null; report: Report | undefined }>;
  kill: () => void;
  ended: Promise<number | null>;
}

/** @param child whose standard output is a pipe; so may be what it says of errors */
export function attend(child: ChildProcess & { stdout: Readable }): Attended {
  const log = new LogLines();
  const complaints: LogLine[] = [];
  const said = createInterface({ input: child.stdout }).on('line', (text) => {
    // A line for each request of an hour would not fit into memory.
    if (KEPT.test(text)) log.write(text);
    if (!EVERYDAY.test(text)) complaints.push(lineOf(text));
  });
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (text) => complaints.push(lineOf(text)));
  }
  const ended = Promise.all([once(child, 'exit'), once(said, 'close')]).then(([[code]]) => {
    log.end(() => `it has ended with ${String(code)}`);
    return code as number | null;
  });
  return {
    url: async (listener) => urlOf(log, listener),
    complaints,
    terminate: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      const report = log.lines.find(({ event }) => event === 'shutdown') as unknown as Report | undefined;
      return { code, report };
    },
    kill: () => child.kill('SIGKILL'),
    ended,
  };
}
