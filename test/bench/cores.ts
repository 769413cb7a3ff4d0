// Which core does what: the server gets the first to itself, the load and everything else the second.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export interface Cores {
  /** In front of the command of a server. */
  server: string[];
  /** For the results: who was where, or why nobody was. */
  inWords: string;
}

/** Moves this process, and with it all that it will start, away from the core of the servers, where that is possible. */
export function takeCores(): Cores {
  if (availableParallelism() < 2) return { server: [], inWords: 'one core for all: NOT PINNED' };
  const moved = spawnSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)]);
  if (moved.error !== undefined) return { server: [], inWords: 'taskset is not on PATH: NOT PINNED' };
  if (moved.status !== 0) return { server: [], inWords: `${String(moved.stderr).trim()}: NOT PINNED` };
  return { server: ['taskset', '-c', '0'], inWords: 'server on core 0, load and targets on core 1' };
}
