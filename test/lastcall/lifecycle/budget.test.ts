import { describe, expect, test } from '@jest/globals';
import {
  budgetProblem,
  longestShutdownMs,
  MARGIN_MS,
  overallDeadlineMs,
} from '../../../src/lastcall/lifecycle/budget.ts';
import { DEFAULT_SETTINGS } from '../../support/lifecycle.ts';

test('the longest shutdown is the sum of the longest phases; the idle wait is part of the drain', () => {
  expect(longestShutdownMs(DEFAULT_SETTINGS)).toBe(39_000);
  expect(longestShutdownMs({ ...DEFAULT_SETTINGS, drainTimeoutMs: Infinity })).toBe(Infinity);
});

describe('the overall deadline', () => {
  test('lies behind the sum of the phases and before the end of the grace period, at its tightest too', () => {
    const graceMs = longestShutdownMs(DEFAULT_SETTINGS) + MARGIN_MS;

    const deadline = overallDeadlineMs({ ...DEFAULT_SETTINGS, graceMs });

    expect(budgetProblem({ ...DEFAULT_SETTINGS, graceMs })).toBeUndefined();
    expect(deadline).toBeGreaterThan(longestShutdownMs(DEFAULT_SETTINGS));
    expect(deadline).toBeLessThan(graceMs);
  });

  test('follows the grace period', () => {
    expect(overallDeadlineMs({ ...DEFAULT_SETTINGS, graceMs: 60_000 })).toBe(59_000);
  });

  test('follows the phases where there is no grace period, and is never if they have no end', () => {
    expect(overallDeadlineMs(DEFAULT_SETTINGS)).toBe(40_000);
    expect(overallDeadlineMs({ ...DEFAULT_SETTINGS, drainTimeoutMs: Infinity })).toBe(Infinity);
  });

  test('exists for a drain without end in a grace period', () => {
    expect(overallDeadlineMs({ ...DEFAULT_SETTINGS, drainTimeoutMs: Infinity, graceMs: 60_000 })).toBe(
      59_000,
    );
  });
});

describe('the grace period', () => {
  test('has no problem when there is none', () => {
    expect(budgetProblem(DEFAULT_SETTINGS)).toBeUndefined();
  });

  test('is refused from one millisecond too little, with the sum', () => {
    expect(budgetProblem({ ...DEFAULT_SETTINGS, graceMs: 41_000 })).toBeUndefined();
    expect(budgetProblem({ ...DEFAULT_SETTINGS, graceMs: 40_999 })).toBe(
      'at least 41 s: window 10 s + drain 10 s + cleanup 4 s + scrape wait 15 s + 2 s kept free',
    );
  });

  test('must leave a drain without end some time', () => {
    const endless = { ...DEFAULT_SETTINGS, drainTimeoutMs: Infinity };

    expect(budgetProblem({ ...endless, graceMs: 31_001 })).toBeUndefined();
    expect(budgetProblem({ ...endless, graceMs: 31_000 })).toBe(
      'more than 31 s, to have time to drain: window 10 s + cleanup 4 s + scrape wait 15 s + 2 s kept free',
    );
  });
});
