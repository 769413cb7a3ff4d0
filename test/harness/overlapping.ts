// `test` and `describe`, for tests that wait more than they work. See README.md.
import { format } from 'node:util';
import { type describe, test } from '@jest/globals';
import { inTime } from './in-time.ts';
import { owning } from './own.ts';

/** How long such a test may take, on a busy machine, too. */
const LIMIT_MS = 60_000;
/** What is left for its processes to end, before Jest gives up. */
const ENDING_MS = 10_000;

type Body = (...args: never[]) => unknown;
type Define = (title: string, body: Body, limitMs?: number) => void;

/** The titles of the groups around the test that is being defined. */
const around: string[] = [];

type Wrap = (body: () => unknown) => unknown;

const boundTo =
  (define: Define, wrap: Wrap): Define =>
  (title, body, limitMs = LIMIT_MS) =>
    define(
      [...around, title].join(' '),
      async (...args) => owning(() => wrap(() => body(...args)), limitMs),
      limitMs + ENDING_MS,
    );

function overlappingWith(wrap: Wrap) {
  return Object.assign(boundTo(test.concurrent as Define, wrap), {
    each: ((table: readonly unknown[]) =>
      boundTo(test.concurrent.each(table) as Define, wrap)) as typeof test.each,
    skip: boundTo(test.skip as Define, wrap),
  });
}

/**
 * `test`, but the tests of a file run at the same time, a few at once (`maxConcurrency` in jest.config.js). Each owns what
 * it starts, so that nothing ends with another's end; `beforeEach` and `afterEach` are not called for them: use `own`.
 */
export const overlapping = overlappingWith((body) => body());

/** The same for tests in which this machine has to be in time: see in-time.ts. */
export const overlappingInTime = overlappingWith(async (body) => inTime(body));

type Group = (title: string, define: (...args: never[]) => void) => void;

const define: Group = (title, body) => {
  around.push(title);
  body();
  around.pop();
};

/**
 * `describe`, but only in the titles: Jest lets those tests overlap that are in the same `describe`, and waits between
 * one and the next.
 */
export const group = Object.assign(define, {
  each: ((table: readonly unknown[]) => (title: string, body: (...args: unknown[]) => void) => {
    for (const row of table) {
      const args = Array.isArray(row) ? (row as unknown[]) : [row];
      // As many as the title names: `format` would append the others.
      const named = args.slice(0, title.match(/%[a-z]/g)?.length ?? 0);
      define(format(title, ...named), () => body(...args));
    }
  }) as typeof describe.each,
});
