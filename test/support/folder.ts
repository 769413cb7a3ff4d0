import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { own } from '../harness/own.ts';

/** A folder that is gone at the end of the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'service-'));
  own(() => rmSync(folder, { recursive: true }));
  return folder;
}
