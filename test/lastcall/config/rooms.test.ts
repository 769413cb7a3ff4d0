import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadAll, ROOM_VARIABLES } from '../../../src/lastcall/config/config.ts';
import { byName } from '../../../src/lastcall/config/schema.ts';
import { problemsWith } from '../../support/problems.ts';
import { ROOMS } from '../../support/schema.ts';
import { unlessMissing } from '../../support/skipping.ts';

test('the variables of every room are known where it is not in use, too', () => {
  expect(Object.keys(ROOM_VARIABLES)).toEqual(expect.arrayContaining(ROOMS.map(({ name }) => name)));
});

describe.each(Object.keys(ROOM_VARIABLES))('the room %s', (name) => {
  const room = ROOMS.find((one) => one.name === name) ?? { name, schema: {} };
  const obstacle = ROOMS.includes(room) ? undefined : 'it has been taken out';
  const testWherePossible = unlessMissing(test, `the room ${name}`, obstacle);

  testWherePossible('is called after its folder', () => {
    expect(existsSync(`src/lastcall/${name}/public.ts`)).toBe(true);
  });

  testWherePossible('has the variables that are refused where it is not in use', () => {
    expect(ROOM_VARIABLES[name]).toEqual(Object.keys(byName(room.schema)));
  });

  test('has no settings where it is not in use', () => {
    const { settingsOf } = loadAll({}, { terminal: false, variables: {}, rooms: [] });

    expect(() => settingsOf(room)).toThrow(`the room ${name} is used and not in the list of rooms`);
  });
});

test.each(Object.entries(ROOM_VARIABLES).flatMap(([room, names]) => names.map((name) => [name, room])))(
  '%s is refused where %s is not in use',
  (name, room) => {
    expect(problemsWith([], { [name]: 'x' })).toEqual([
      `${name}: expected not to be set, because this service has no ${room} (src/service/variables.ts)`,
    ]);
  },
);
