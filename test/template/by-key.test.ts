import { expect, test } from '@jest/globals';
import { settle } from '../../scripts/template/by-key.ts';

const same = (value: unknown) => ({ base: value, ours: value, theirs: value });

test('what only one side has changed, added or removed is settled', () => {
  const base = { scripts: { a: '1', b: '1', c: '1', d: '1' } };
  const ours = { scripts: { a: '2', b: '1', c: '1', x: 'mine' } };
  const theirs = { scripts: { a: '1', b: '2', d: '1', y: 'theirs' } };

  expect(settle({ base, ours, theirs })).toEqual(
    same({ scripts: { a: '2', b: '2', x: 'mine', y: 'theirs' } }),
  );
});

test('what both have changed alike is settled', () => {
  expect(settle({ base: { a: 1 }, ours: { a: 2 }, theirs: { a: 2 } })).toEqual(same({ a: 2 }));
});

test('what both have changed differently keeps its three values, and nothing else does', () => {
  const settled = settle({
    base: { a: '1', b: '1', c: '1' },
    ours: { a: 'mine', b: '2', c: '1' },
    theirs: { a: 'theirs', b: '1', c: '3' },
  });

  expect(settled).toEqual({
    base: { a: '1', b: '2', c: '3' },
    ours: { a: 'mine', b: '2', c: '3' },
    theirs: { a: 'theirs', b: '2', c: '3' },
  });
});

test('what one side has deleted and the other changed is for a person to decide', () => {
  expect(settle({ base: { a: '1' }, ours: {}, theirs: { a: '2' } })).toEqual({
    base: { a: '1' },
    ours: {},
    theirs: { a: '2' },
  });
});

test('lists are values: nobody knows what belongs to what in them', () => {
  const lists = { base: { a: [1] }, ours: { a: [1, 2] }, theirs: { a: [1, 3] } };

  expect(settle(lists)).toEqual(lists);
});

test('the keys stand in their order, and an own one behind its neighbour', () => {
  const base = { express: '1', jest: '1' };
  const ours = { express: '1', fastify: '1', jest: '1', zod: '1' };
  const theirs = { debug: '1', express: '1', jest: '2' };

  expect(Object.keys(settle({ base, ours, theirs }).ours as object)).toEqual([
    'debug',
    'express',
    'fastify',
    'jest',
    'zod',
  ]);
});
