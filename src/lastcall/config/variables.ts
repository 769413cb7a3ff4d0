import { isIP } from 'node:net';

/** One environment variable: how its text is read, what it falls back to, and what people are told about it. */
export interface Variable<T> {
  parse: (text: string) => T;
  /** As one would write it; undefined: not set. */
  fallback: string | undefined;
  /** The default in words, where it is no fixed text. */
  fallbackInWords?: string;
  expected: string;
  meaning: string;
  /** The errors of `parse` say what is wrong, for people. */
  explains?: boolean;
}

interface Options {
  default?: string;
  defaultInWords?: string;
  meaning: string;
  /** The least that makes sense, where 0 does not. */
  least?: string;
}

const MAX_DURATION_MS = 24 * 3_600_000; // setTimeout overflows at 24.8 days and then fires at once

export function text(options: Options): Variable<string> {
  return variable(options, parseText, 'some text');
}

export function port(options: Options): Variable<number> {
  return variable(options, parsePort, 'a port from 0 to 65535');
}

/** In milliseconds. */
export function duration(options: Options): Variable<number> {
  const { least = '0' } = options;
  const parse = (value: string) => {
    const ms = parseDuration(value);
    if (ms < parseDuration(least)) throw new Error('too short');
    return ms;
  };
  const range = least === '0' ? 'at most 24h' : `${least} to 24h`;
  return variable(options, parse, `a duration such as 250ms, 5s or 2m (${range})`);
}

/** In milliseconds; `none` is Infinity. */
export function durationOrNone(options: Options): Variable<number> {
  const parse = (value: string) => (value === 'none' ? Infinity : parseDuration(value));
  return variable(options, parse, 'a duration such as 250ms, 5s or 2m (at most 24h), or none');
}

export function oneOf<const T extends string>(choices: readonly T[], options: Options): Variable<T> {
  const parse = (value: string) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new Error('no choice');
    return choice;
  };
  return variable(options, parse, `one of ${choices.join(', ')}`);
}

/** Text with a form of its own; `parse` throws an error that says what is wrong with it. */
export function custom<T>(parse: (text: string) => T, expected: string, options: Options): Variable<T> {
  return { ...variable(options, parse, expected), explains: true };
}

export function bytes(options: Options): Variable<number> {
  return variable(options, parseBytes, 'a size such as 512b, 100kb or 2mb');
}

/** Express's `trust proxy`: true, false, hops, or addresses, subnets and their names. */
export function proxies(options: Options): Variable<boolean | number | string[]> {
  const expected =
    'true, false, a number of hops, or a list of addresses, subnets, loopback, linklocal, uniquelocal';
  return variable(options, parseTrustProxy, expected);
}

function variable<T>(
  { default: fallback, defaultInWords, meaning }: Options,
  parse: (text: string) => T,
  expected: string,
): Variable<T> {
  const words = defaultInWords === undefined ? {} : { fallbackInWords: defaultInWords };
  return { parse, fallback, ...words, expected, meaning };
}

function parseText(value: string): string {
  if (value.trim() === '') throw new Error('empty');
  return value;
}

function parsePort(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) throw new Error('no port');
  return Number(value);
}

/** `250ms`, `5s`, `1.5m`, `1h`, `0` → milliseconds. */
export function parseDuration(value: string): number {
  if (value === '0') return 0;
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ''];
  const ms = factor === undefined ? Number.NaN : Math.round(Number(number) * factor);
  if (!(ms <= MAX_DURATION_MS)) throw new Error('no duration');
  return ms;
}

function parseBytes(value: string): number {
  const [, number, unit = 'b'] = /^(\d{1,9})(b|kb|mb)?$/i.exec(value) ?? [];
  if (number === undefined) throw new Error('no size');
  return Number(number) * { b: 1, kb: 1024, mb: 1024 ** 2 }[unit.toLowerCase() as 'b' | 'kb' | 'mb'];
}

function parseTrustProxy(value: string): boolean | number | string[] {
  if (value === 'true' || value === 'false') return value === 'true';
  if (/^\d{1,2}$/.test(value)) return Number(value);
  const entries = value.split(',').map((entry) => entry.trim());
  const known = (entry: string) => {
    if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
    const [address = '', bits, ...more] = entry.split('/');
    const version = isIP(address);
    if (version === 0 || more.length > 0) return false;
    // Express refuses /0 too: everybody is `true`.
    return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
  };
  if (!entries.every(known)) throw new Error('no proxies');
  return entries;
}
