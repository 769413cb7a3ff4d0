import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Goodbyes } from '../../../src/lastcall/listener/goodbyes.ts';

let goodbyes: Goodbyes;
/** Which goodbyes were said, and when. */
let said: [name: string, ms: number][];
let startedAt: number;
let thrown: unknown[];

beforeEach(() => {
  jest.useFakeTimers();
  goodbyes = new Goodbyes((error) => void thrown.push(error));
  said = [];
  thrown = [];
  startedAt = performance.now();
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function add(...names: string[]): () => void {
  const takeBacks = names.map((name) =>
    goodbyes.add(() => void said.push([name, performance.now() - startedAt])),
  );
  return () => {
    for (const takeBack of takeBacks) takeBack();
  };
}

const names = () => said.map(([name]) => name);

test('nothing is said before the signal', () => {
  add('a');

  jest.advanceTimersByTime(3_600_000);

  expect(said).toEqual([]);
});

describe('in the window', () => {
  test('goodbyes are said in the order of registration, evenly spread', () => {
    add('a', 'b', 'c', 'd');

    goodbyes.spread(1000);
    jest.advanceTimersByTime(1000);

    expect(said).toEqual([
      ['a', 0],
      ['b', 250],
      ['c', 500],
      ['d', 750],
    ]);
  });

  test('a thousand never come in one moment', () => {
    add(...Array.from({ length: 1000 }, (_, i) => String(i)));

    goodbyes.spread(10_000);
    jest.advanceTimersByTime(10_000);

    expect(names()).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
    expect(new Set(said.map(([, ms]) => ms)).size).toBe(1000);
  });

  test('of no length all are said at once', () => {
    add('a', 'b');

    goodbyes.spread(0);
    jest.advanceTimersByTime(1);

    expect(names()).toEqual(['a', 'b']);
  });

  test('one that is added late gets a moment in what is left', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    goodbyes.spread(1000);
    jest.advanceTimersByTime(600);

    add('late');
    jest.advanceTimersByTime(400);

    expect(said).toEqual([['late', 800]]);
  });

  test('one that is added when the time is up is said at once', () => {
    goodbyes.spread(1000);
    jest.advanceTimersByTime(5000);

    add('late');
    jest.advanceTimersByTime(1);

    expect(names()).toEqual(['late']);
  });

  test('none is said that was taken back, before the signal or after', () => {
    const takeBackA = add('a');
    const takeBackC = (add('b'), add('c'));
    takeBackA();

    goodbyes.spread(1000);
    const takeBackLate = add('late');
    takeBackC();
    takeBackLate();
    goodbyes.flush();
    jest.runAllTimers();

    expect(names()).toEqual(['b']);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('one that takes another back is obeyed, even if both are due', () => {
    let takeBack: () => void = () => undefined;
    goodbyes.add(() => takeBack());
    takeBack = add('b');

    goodbyes.spread(0);
    jest.runAllTimers();

    expect(said).toEqual([]);
  });
});

describe('when the window is over', () => {
  test('those that are left are said now, in order, and none twice', () => {
    add('a', 'b', 'c', 'd');
    goodbyes.spread(1000);
    jest.advanceTimersByTime(300);
    expect(names()).toEqual(['a', 'b']);

    goodbyes.flush();
    jest.advanceTimersByTime(1);
    expect(names()).toEqual(['a', 'b', 'c', 'd']);

    goodbyes.flush();
    jest.runAllTimers();
    expect(said).toHaveLength(4);
  });

  test('one that is added then is said at once', () => {
    goodbyes.flush();

    add('late');
    jest.advanceTimersByTime(1);

    expect(names()).toEqual(['late']);
  });
});

test.each([
  ['spread over the window', () => goodbyes.spread(30)],
  ['all at the end of the window', () => goodbyes.flush()],
])('one that throws does not stop the others: %s', (_name, say) => {
  add('a');
  goodbyes.add(() => {
    throw new Error('thrown by a goodbye');
  });
  add('b');

  say();

  jest.advanceTimersByTime(100);
  expect(thrown).toEqual([new Error('thrown by a goodbye')]);
  expect(names()).toEqual(['a', 'b']);
});
