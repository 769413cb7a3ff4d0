import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A pipe of the kernel, which is what a container's stdout is; between its own processes Node makes sockets.
 *
 * @returns file descriptors to be closed by the caller; reading does not block, writing does unless told
 */
export function fifo({ nonBlocking = false } = {}): { readEnd: number; writeEnd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'service-'));
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const readEnd = openSync(path, O_RDONLY | O_NONBLOCK); // first: a writer would wait for it
  const writeEnd = openSync(path, nonBlocking ? O_WRONLY | O_NONBLOCK : O_WRONLY);
  rmSync(folder, { recursive: true });
  return { readEnd, writeEnd };
}
