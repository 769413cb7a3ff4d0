import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RehearsalError } from '../errors.ts';

/**
 * Whether the file can be written, without writing it: nobody wants to hear that at the end of a long rehearsal.
 *
 * @throws RehearsalError `REHEARSAL_USAGE`
 */
export function assertWritable(flag: string, file: string): void {
  const fail = (why: string) => {
    throw new RehearsalError('REHEARSAL_USAGE', `${flag}: ${file} can't be written: ${why}`);
  };
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) fail('it is a folder, expected a file');
  try {
    accessSync(there === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    fail((error as Error).message);
  }
}
