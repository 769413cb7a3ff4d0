import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { onPath, unlessProgramsMissing } from '../../support/programs.ts';

/** Where Debian has the programs of PostgreSQL, of which only some are on PATH: the newest. */
const OF_POSTGRESQL = '/usr/lib/postgresql';

/** The path of a program, or its name where it is on PATH; undefined if it is nowhere. */
export function findProgram(name: string): string | undefined {
  if (onPath(name)) return name;
  const versions = existsSync(OF_POSTGRESQL) ? readdirSync(OF_POSTGRESQL) : [];
  const newest = versions.toSorted((a, b) => Number(b) - Number(a));
  return newest.map((version) => join(OF_POSTGRESQL, version, 'bin', name)).find((path) => existsSync(path));
}

/** `describe`, or its `skip` with a loud line where a program is missing. */
export function describeWith(...programs: string[]): typeof describe | typeof describe.skip {
  const isThere = (program: string) => findProgram(program) !== undefined;
  return unlessProgramsMissing(describe, 'recipes that need', programs, isThere);
}
