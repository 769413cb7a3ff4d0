// Numbers as people read them.
import type { Spread } from '../results.ts';

/** The median, and from where to where the rounds went. */
export function inWords(spread: Spread | undefined): string {
  if (spread === undefined) return '';
  const { median, low, high } = spread;
  return low === high ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`;
}

/** Three digits that count, and no more than two behind the point. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '?';
  if (value === 0) return '0';
  const places = 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.1)));
  return value.toFixed(Math.min(2, Math.max(0, places)));
}
