import { parseArgs, type ParseArgsConfig } from 'node:util';
import { GitError } from './git.ts';
import { Refusal } from './repository.ts';

/**
 * Runs a command: a refusal is a sentence for whoever called it, anything else a defect with its stack.
 *
 * @param failed the exit code of both
 */
export async function report(command: string, failed: number, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.exitCode = failed;
    const known = error instanceof Refusal || error instanceof GitError;
    const text = known ? error.message : String((error as Error).stack);
    process.stderr.write(`${command}: ${text}\nNothing was changed.\n`);
  }
}

/** The flags of a command. @throws Refusal with its usage if there is one that it does not have */
export function parsed<T extends ParseArgsConfig>(config: T, usage: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Refusal(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}
