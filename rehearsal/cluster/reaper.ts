import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Reads `+pid` and `-pid`; when its input ends, because this process has gone, it kills what is left. */
const PROGRAM = `
const pids = new Set();
require('node:readline').createInterface({ input: process.stdin })
  .on('line', (line) => line[0] === '+' ? pids.add(+line.slice(1)) : pids.delete(+line.slice(1)))
  .on('close', () => { for (const pid of pids) try { process.kill(-pid, 'SIGKILL') } catch {} });
`;

/**
 * A process that outlives this one for a moment: even if the rehearsal is killed, no replica stays behind.
 * Replicas are registered by the pid of their process group.
 */
export class Reaper {
  readonly #pipe: Writable;

  constructor() {
    const child = spawn(process.execPath, ['-e', PROGRAM], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.unref();
    this.#pipe = child.stdin;
    this.#pipe.on('error', () => undefined); // it is a precaution: the rehearsal goes on without it
    (this.#pipe as unknown as { unref: () => void }).unref();
  }

  watch(pid: number): void {
    this.#pipe.write(`+${pid}\n`);
  }

  forget(pid: number): void {
    this.#pipe.write(`-${pid}\n`);
  }

  end(): void {
    this.#pipe.end();
  }
}
