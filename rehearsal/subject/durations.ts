const MAX_DURATION_MS = 24 * 3_600_000; // setTimeout overflows at 24.8 days and then fires at once
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `250ms`, `5s`, `1.5m`, `1h`, `0` in milliseconds; undefined if it is no such duration, or one of more than a day. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (UNITS[unit] ?? Number.NaN));
  return ms <= MAX_DURATION_MS ? ms : undefined;
}
