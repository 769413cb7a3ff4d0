import { expect, test } from '@jest/globals';
import { WorkLimit } from '../../../src/lastcall/overload/work-limit.ts';

const MOST_TURN_MS = 20;
/** Longer than what it thinks over. */
const WINDOW_MS = 60;

/** A limit with that many in flight, and a clock. */
function limitWith(inFlight: number) {
  const limit = new WorkLimit(MOST_TURN_MS, 0);
  let now = 0;
  let idledMs = 0;
  for (let i = 0; i < inFlight; i++) limit.enter();
  return {
    limit,
    /** A window passes, with turns of that length; the loop idles for a part of it. */
    pass: (workedMs: number, idle = 0) => {
      now += WINDOW_MS;
      idledMs += idle * WINDOW_MS;
      limit.turned({ now, workedMs, idledMs });
    },
    /** How many more it lets in, which it lets in. */
    letsIn: (most: number) => {
      let more = 0;
      for (; more < most && !limit.isFull(); more++) limit.enter();
      return more;
    },
  };
}

test('while the loop is in time, there is no limit', () => {
  const { limit, pass, letsIn } = limitWith(100);
  pass(MOST_TURN_MS);
  expect(letsIn(10_000)).toBe(10_000);
  expect(limit.inFlight).toBe(10_100);
});

test('a loop that is late lets nobody in until fewer are in flight, by as much as it is late', () => {
  const { limit, pass, letsIn } = limitWith(100);
  pass(MOST_TURN_MS / 0.8);
  expect(letsIn(1)).toBe(0);
  for (let i = 0; i < 30; i++) limit.leave();
  expect(letsIn(100)).toBe(10); // 80
});

test('a single long turn takes no more than half', () => {
  const { limit, pass, letsIn } = limitWith(100);
  pass(10_000);
  for (let i = 0; i < 100; i++) limit.leave();
  expect(letsIn(100)).toBe(50);
});

test('a loop that has idled is not late, however long its turns are', () => {
  const { pass, letsIn } = limitWith(100);
  pass(3 * MOST_TURN_MS, 0.1);
  expect(letsIn(100)).toBe(100);
});

test('when it is in time again, the limit grows for those who wait', () => {
  const { pass, letsIn } = limitWith(100);
  pass(2 * MOST_TURN_MS);
  let windows = 0;
  for (let more = 0; more === 0; windows++) {
    more = letsIn(1);
    pass(1);
  }
  expect(windows).toBeGreaterThan(1);
  expect(windows).toBeLessThan(10);
});

test('and it goes when nobody needs it any more', () => {
  const { limit, pass, letsIn } = limitWith(100);
  pass(2 * MOST_TURN_MS);
  for (let i = 0; i < 90; i++) limit.leave();
  pass(1); // in which there were 100
  pass(1);
  expect(letsIn(10_000)).toBe(10_000);
});

test('it lets in one at least', () => {
  const { limit, pass, letsIn } = limitWith(1);
  for (let i = 0; i < 20; i++) pass(10_000);
  limit.leave();
  expect(letsIn(10)).toBe(1);
});
