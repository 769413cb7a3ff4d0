import { writeFileSync } from 'node:fs';

/** Something that is to be written at the end. */
export interface Output {
  /** That asked for it, for people. */
  flag: string;
  /** Or `-`, the standard output. */
  file: string;
  /** Made only when its turn has come: what can't be made does not cost the others. */
  text: () => string;
}

/**
 * Writes all of them in this order, each whatever became of those before it.
 *
 * @returns what went wrong, a sentence for each that could not be written
 */
export function writeAll(outputs: Output[]): string[] {
  return outputs.flatMap(({ flag, file, text }) => {
    try {
      if (file === '-') process.stdout.write(text());
      else writeFileSync(file, text());
      return [];
    } catch (error) {
      return [`${flag}: ${file} could not be written: ${(error as Error).message}`];
    }
  });
}
