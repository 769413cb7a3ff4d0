import { stdSerializers } from 'pino';
import { messageOf } from '../lifecycle/errors.ts';

/**
 * What a line says of an error: what pino says, which throws for one that is frozen, refuses to be read or is among its
 * own `errors`. An exception while an uncaught one is being logged ends the process at once, with exit code 7.
 */
export function errorFields(error: unknown): unknown {
  try {
    const fields = stdSerializers.err(error as Error);
    if (!(fields instanceof Error)) return fields;
  } catch {
    // One that can't be read: what is left of it is below.
  }
  return { type: 'Error', message: messageOf(error), stack: stackOf(error) };
}

function stackOf(error: unknown): string | undefined {
  try {
    const { stack } = error as { stack?: unknown };
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}
