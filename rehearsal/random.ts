import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Numbers from 0 to 1. */
export type Random = () => number;

/** The same seed gives the same numbers, so that two configurations meet the same load. */
export function random(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}

/** One of them, or undefined if there are none. */
export function pick<T>(items: readonly T[], from: Random): T | undefined {
  return items[Math.min(items.length - 1, Math.floor(from() * items.length))];
}
