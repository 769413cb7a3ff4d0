import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import type { Folder } from './folder.ts';
import type { Leftovers } from './steps.ts';

/** For whoever takes the steps by hand; here, all that is written is formatted at once, as what the other commands write. */
const FORMAT = 'npm run format';
const QUIETLY = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];

/** Formats what was written, as `npm run format` does with everything. */
export async function formatWritten(folder: Folder): Promise<void> {
  const ignorePath = folder.at('.prettierignore');
  for (const path of folder.written) {
    const file = folder.at(path);
    const { ignored, inferredParser } = await getFileInfo(file, { ignorePath });
    if (ignored || inferredParser === null) continue;
    const options = { ...(await resolveConfig(file)), filepath: file };
    folder.write(path, await format(folder.read(path), options));
  }
}

/**
 * What is left when all steps are taken: the format, the lockfile, what commands write.
 *
 * @param root the repository, whose packages the commands use
 * @throws Error with what a command said that failed
 */
export async function finish(folder: Folder, { commands, lock }: Leftovers, root: string): Promise<void> {
  await formatWritten(folder);
  if (lock) lockPackages(folder);
  if (commands.size > 0) borrowPackages(folder, root);
  for (const command of commands) {
    if (command !== FORMAT) call(folder, 'sh', '-c', command);
  }
}

/** Makes package-lock.json anew. @throws Error with what npm said */
export function lockPackages(folder: Folder): void {
  call(folder, 'npm', 'install', '--package-lock-only', ...QUIETLY);
}

/** Installs what package-lock.json has. @throws Error with what npm said */
export function installPackages(folder: Folder): void {
  call(folder, 'npm', 'ci', ...QUIETLY);
}

/** Lets the folder use the packages of the repository. @throws Error if there are none */
export function borrowPackages(folder: Folder, root: string): void {
  if (folder.has('node_modules')) return;
  if (!existsSync(join(root, 'node_modules'))) throw new Error('the packages are not installed: npm ci');
  symlinkSync(join(root, 'node_modules'), folder.at('node_modules'));
}

/** @throws Error with what the program said if it failed */
export function call(folder: Folder, program: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder.folder,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
}
