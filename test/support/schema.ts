import { byName, SCHEMA } from '../../src/lastcall/config/schema.ts';
import { withDefaults } from '../../src/lastcall/config/defaults.ts';
import type { Variable } from '../../src/lastcall/config/variables.ts';
import { defaults, variables } from '../../src/service/variables.ts';
import { FIXTURE } from '../fixture/sources.ts';

/** The rooms that the engine has, whether or not the service uses them. */
export const ROOMS = FIXTURE.rooms;

/** Every variable that a service can be told, by name: the engine's, those of its rooms, with its defaults, its own. */
export function everyVariable(): Record<string, Variable> {
  return Object.assign(
    byName(withDefaults(SCHEMA, defaults)),
    ...ROOMS.map(({ schema }) => byName(withDefaults(schema, defaults))),
    byName(variables),
  ) as Record<string, Variable>;
}
