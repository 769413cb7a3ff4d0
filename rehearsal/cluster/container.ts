import type { ChildProcess } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { isReport, type ProcessReport } from '../subject/process-report.ts';
import { readLines } from './output.ts';
import type { Reaper } from './reaper.ts';

/** Ends a process like an error that nobody catches: {@link crashable} makes Node throw one. */
const CRASH_SIGNAL = 'SIGUSR2';
/** Lines that are kept to say why a program did not start. */
const LAST_WORDS = 5;
/** Of such a line. */
const WORDS_LENGTH = 300;
/** After its end, for its last output to arrive. */
const LAST_OUTPUT_MS = 1000;

export interface ContainerEvents {
  /** A state that its log names, and when that was (ISO 8601). */
  onState: (state: string, time: unknown) => void;
  onReport: (report: ProcessReport) => void;
  onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

/** One process, and what it logs about itself. */
export class Container {
  readonly #child: ChildProcess;
  /** The last lines of its output, without those about requests. */
  lastWords: string[] = [];
  /** Its log has named a state: it is the service itself, or one that speaks like it. */
  speaks = false;
  #ended = false;

  /** The program must not be a shell that stays: it is the one that gets the signals, as PID 1 in a container. */
  constructor(
    command: [string, ...string[]],
    env: Record<string, string>,
    reaper: Reaper,
    events: ContainerEvents,
  ) {
    const child = reaper.spawn(command, env);
    this.#child = child;
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
    for (const stream of streams) readLines(stream, (line) => this.#read(line, events));
    child.once('error', (error) => this.lastWords.push(error.message));
    child.once('exit', () => {
      this.#signalGroup('SIGKILL'); // what it has started goes with it, as in a container
      reaper.ended(child);
      // What can't be found may keep them open for ever.
      setTimeout(() => streams.forEach((stream) => stream.destroy()), LAST_OUTPUT_MS).unref();
    });
    child.once('close', (code, signal) => {
      this.#ended = true;
      events.onExit(code, signal);
    });
  }

  /** Asks it to end. */
  terminate(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  crash(): void {
    this.#child.kill(CRASH_SIGNAL);
  }

  /** SIGKILL, for everything that it has started, too. */
  kill(): void {
    if (!this.#ended) this.#signalGroup('SIGKILL');
  }

  /** No CPU for it and what it has started, until it is called again with `false`. */
  freeze(frozen: boolean): void {
    if (!this.#ended) this.#signalGroup(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // nothing is left of it
    }
  }

  #read(line: string, { onState, onReport }: ContainerEvents): void {
    const entry = parse(line);
    if (entry?.['event'] === 'request') return;
    this.lastWords = [...this.lastWords, printable(line)].slice(-LAST_WORDS);
    if (entry?.['event'] === 'lifecycle' && typeof entry['state'] === 'string') {
      this.speaks = true;
      onState(entry['state'], entry['time']);
    }
    if (isReport(entry)) onReport(entry);
  }
}

/** The environment in which a program that Node runs can be crashed; others die of the signal anyway. */
export function crashable(env: Record<string, string>): Record<string, string> {
  const code = `process.on('${CRASH_SIGNAL}',()=>{throw new Error('rehearsed crash')})`;
  const option = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  return { ...env, NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} ${option}`.trim() };
}

/** A program may write anything, but not to the terminal of whoever rehearses it. */
function printable(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return stripVTControlCharacters(line.slice(0, WORDS_LENGTH)).replace(/[\u0000-\u001f\u007f-\u009f]/g, '');
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
