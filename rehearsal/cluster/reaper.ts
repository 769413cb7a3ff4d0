import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('reaper-process.mjs', import.meta.url));
/** In the environment of everything that a replica starts, whatever process group it moves to. */
const MARK = 'REHEARSAL_MARK';
/** Registers its process, then becomes the program: so no moment is left in which nobody knows of it. */
const REGISTER = 'echo "started $$" >&3; exec "$@" 3>&-';

/** A process that outlives this one for a moment: even if the rehearsal is killed, no replica stays behind. */
export class Reaper {
  readonly #pipe: Writable;
  readonly #markOfAll = randomUUID();
  readonly #marks = new Map<ChildProcess, string>();

  constructor() {
    const child = spawn(process.execPath, [PROGRAM, this.#markOfAll], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    this.#pipe = child.stdin;
    this.#pipe.on('error', () => undefined); // it is a precaution: the rehearsal goes on without it
    (this.#pipe as unknown as { unref: () => void }).unref();
  }

  /** Starts a program as the leader of a process group of its own, which ends no later than the rehearsal. */
  spawn(command: [file: string, ...args: string[]], env: Record<string, string>): ChildProcess {
    const mark = `${this.#markOfAll}/${randomUUID()}`;
    const child = spawn('/bin/sh', ['-c', REGISTER, 'sh', ...command], {
      env: { ...env, [MARK]: mark },
      stdio: ['ignore', 'pipe', 'pipe', this.#pipe],
      // A process group of its own: Ctrl-C is for the rehearsal, not for its replicas.
      detached: true,
    });
    this.#marks.set(child, mark);
    return child;
  }

  /** The leader has gone: what it has started goes with it, as in a container. */
  ended(child: ChildProcess): void {
    const mark = this.#marks.get(child);
    if (mark !== undefined) this.#pipe.write(`ended ${child.pid} ${mark}\n`);
  }

  end(): void {
    this.#pipe.end();
  }
}
