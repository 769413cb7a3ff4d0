import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Report } from '../../src/lifecycle/report.ts';
import type { Reaper } from './reaper.ts';

/** Ends a process like an error that nobody catches: {@link crashable} makes Node throw one. */
const CRASH_SIGNAL = 'SIGUSR2';
/** Lines that are kept to say why a program did not start. */
const LAST_WORDS = 5;

export interface ContainerEvents {
  /** A state that its log names, and when that was (ISO 8601). */
  onState: (state: string, time: unknown) => void;
  onReport: (report: Report) => void;
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
    [file, ...args]: [string, ...string[]],
    env: Record<string, string>,
    reaper: Reaper,
    events: ContainerEvents,
  ) {
    const child = spawn(file, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C is for the rehearsal, not for its replicas.
      detached: true,
    });
    this.#child = child;
    const { pid } = child;
    if (pid !== undefined) reaper.watch(pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#read(line, events));
    }
    child.once('error', (error) => this.lastWords.push(error.message));
    child.once('exit', () => this.#killGroup()); // what it has started goes with it, as in a container
    child.once('close', (code, signal) => {
      this.#ended = true;
      if (pid !== undefined) reaper.forget(pid);
      events.onExit(code, signal);
    });
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  crash(): void {
    this.#child.kill(CRASH_SIGNAL);
  }

  /** SIGKILL, for everything that it has started, too. */
  kill(): void {
    if (!this.#ended) this.#killGroup();
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // nothing is left of it
    }
  }

  #read(line: string, { onState, onReport }: ContainerEvents): void {
    const entry = parse(line);
    if (entry?.['event'] === 'request') return;
    this.lastWords = [...this.lastWords, line].slice(-LAST_WORDS);
    if (entry?.['event'] === 'lifecycle' && typeof entry['state'] === 'string') {
      this.speaks = true;
      onState(entry['state'], entry['time']);
    }
    if (entry?.['event'] === 'shutdown') onReport(entry as unknown as Report);
  }
}

/** The environment in which a program that Node runs can be crashed; others die of the signal anyway. */
export function crashable(env: Record<string, string>): Record<string, string> {
  const code = `process.on('${CRASH_SIGNAL}',()=>{throw new Error('rehearsed crash')})`;
  const option = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  return { ...env, NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} ${option}`.trim() };
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
