import type { Cause } from '../load/ledger.ts';

/** In the place of a number that there is not. */
export const NONE = '–';

/** What a person calls each cause, in the order of tables and legends. */
export const CAUSES: Record<Cause, string> = {
  'no-endpoint': 'no endpoint',
  refused: 'refused',
  'reset-new': 'reset (new)',
  'reset-kept': 'reset (kept)',
  broken: 'broken off',
  status: 'wrong answer',
  body: 'wrong body',
  timeout: 'timed out',
};

/** `12,431` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `41 requests`, `1 request` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `0.8 ms`, `12 ms`, `1.2 s`, `150 s` */
export function duration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return NONE;
  const size = Math.abs(ms);
  if (size < 9.95) return `${Number.isInteger(ms) ? ms : ms.toFixed(1)} ms`;
  if (size < 999.5) return `${ms.toFixed(0)} ms`;
  return size < 99_950 ? `${(ms / 1000).toFixed(1)} s` : `${count(Math.round(ms / 1000))} s`;
}

/** `12.4 s`: a moment on the clock of the rehearsal. */
export function moment(ms: number): string {
  // Without the sign of what is just before 0.
  return `${(ms / 1000).toFixed(1).replace(/^-0\.0$/, '0.0')} s`;
}

/** `+1.2 s`, `−2.0 s`: after or before something. */
export function offset(ms: number | undefined): string {
  if (ms === undefined) return NONE;
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;
}

/** `0.33 %`; what is above 0 is never shown as 0. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0001) return '< 0.01 %';
  return `${Number((share * 100).toFixed(2))} %`;
}

/** With a full stop, unless there is one. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** `1 request was`, `41 requests were` */
export function these(items: readonly unknown[], one: string, many: string): string {
  return `${count(items.length)} ${items.length === 1 ? one : many}`;
}

/** The smallest and the largest; there may be more of them than a call takes arguments. */
export function extent(values: readonly number[]): [min: number, max: number] {
  return values.reduce<[number, number]>(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  );
}

/** `1.2-2.9 s` */
export function range(times: readonly number[]): string {
  const [from, to] = extent(times).map((ms) => (Math.max(0, ms) / 1000).toFixed(1));
  return from === to ? `${from} s` : `${from}-${to} s`;
}

/** As a setting, rounded up: `4s` */
export function wholeSeconds(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}
