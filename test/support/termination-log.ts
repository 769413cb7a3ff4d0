import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from './folder.ts';

/** The file of a container's termination message as the kubelet makes it, and what it reads there in the end. */
export function terminationLog(): { TERMINATION_LOG: string; read: () => string } {
  const TERMINATION_LOG = join(newFolder(), 'termination-log');
  writeFileSync(TERMINATION_LOG, '');
  return { TERMINATION_LOG, read: () => readFileSync(TERMINATION_LOG, 'utf8') };
}
