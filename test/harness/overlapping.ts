// `test`, for tests that wait more than they work. See README.md.
import { test } from '@jest/globals';
import { owning } from './own.ts';

/** How long such a test may take, on a busy machine, too. */
const LIMIT_MS = 60_000;
/** What is left for its processes to end, before Jest gives up. */
const ENDING_MS = 10_000;

type Body = (...args: never[]) => unknown;
type Define = (title: string, body: Body, limitMs?: number) => void;

const boundTo =
  (define: Define): Define =>
  (title, body, limitMs = LIMIT_MS) =>
    define(title, async (...args) => owning(() => body(...args), limitMs), limitMs + ENDING_MS);

/**
 * `test`, but the tests of a `describe` (or of a file) run at the same time, a few at once. Each owns what it starts, so
 * that nothing ends with another's end; `beforeEach` and `afterEach` are not called for them: use `own`.
 */
export const overlapping = Object.assign(boundTo(test.concurrent as Define), {
  each: ((table: readonly unknown[]) => boundTo(test.concurrent.each(table) as Define)) as typeof test.each,
  skip: test.skip,
});
