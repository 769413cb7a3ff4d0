import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { grows, slopeOf } from './slope.ts';

const at = (values: number[]) => values.map((value, seconds) => ({ seconds, value }));

describe('a line through samples', () => {
  test('has the slope of a line, whatever its numbers are, and is sure of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), fc.integer({ min: 3, max: 50 }), (slope, count) => {
        const { perSecond, low, high } = slopeOf(at(Array.from({ length: count }, (_, i) => 7 + slope * i)));
        for (const number of [perSecond, low, high]) expect(number).toBeCloseTo(slope, 6);
      }),
    );
  });

  // Worked by hand: a standard error of 0.1464, and Student's t of 2.4469 for six degrees of freedom.
  test('is as sure as its scatter lets it be', () => {
    const { perSecond, low, high } = slopeOf(at([2, 4, 5, 4, 5, 8, 7, 9]));
    expect(perSecond).toBeCloseTo(0.88095, 4);
    expect(low).toBeCloseTo(0.5226, 2);
    expect(high).toBeCloseTo(1.2393, 2);
  });

  test('does not grow where the samples only rise and fall', () => {
    const wave = at(Array.from({ length: 60 }, (_, i) => 100 + 30 * Math.sin(i)));
    expect(grows(slopeOf(wave), 10)).toBe(false);
    expect(grows(slopeOf(wave.map(({ seconds, value }) => ({ seconds, value: value + seconds }))), 10)).toBe(
      true,
    );
  });

  test('needs three samples at different times', () => {
    expect(() => slopeOf(at([1, 2]))).toThrow('2 samples, expected three or more, at different times');
    expect(() => slopeOf([1, 2, 3].map((value) => ({ seconds: 1, value })))).toThrow(RangeError);
  });
});
