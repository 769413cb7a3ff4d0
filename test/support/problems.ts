import { ConfigError, loadAll } from '../../src/lastcall/config/config.ts';
import type { Room } from '../../src/lastcall/room.ts';

/** What is wrong with an environment, one line each, where these rooms are in use. */
export function problemsWith(rooms: Room[], env: Record<string, string>): string[] {
  try {
    loadAll(env, { terminal: false, variables: {}, rooms });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
