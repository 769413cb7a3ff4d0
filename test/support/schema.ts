import { byName, SCHEMA } from '../../src/lastcall/config/schema.ts';
import type { Variable } from '../../src/lastcall/config/variables.ts';
import { rooms, variables } from '../../src/service/variables.ts';

/** The rooms that the service uses. */
export const ROOMS = rooms;

/** Every variable that the service reads, by name: the engine's, those of its rooms, its own. */
export function everyVariable(): Record<string, Variable> {
  return Object.assign(
    byName(SCHEMA),
    ...rooms.map(({ schema }) => byName(schema)),
    byName(variables),
  ) as Record<string, Variable>;
}
