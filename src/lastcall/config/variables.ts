import { isIP } from 'node:net';

/** What a derived default may look at. */
export interface Context {
  /** A person watches: nobody at a terminal wants to wait for load balancers. */
  terminal: boolean;
  /** Name and version of the package. */
  own: { name: string; version: string };
  /** Whether a variable is set, by its name in the environment. */
  isSet: (name: string) => boolean;
  /** The value of a variable that comes before this one in the schema; undefined if it has none. */
  valueOf: (name: string) => unknown;
}

/** One environment variable: how its text is read, what it falls back to, and what people are told about it. */
export interface Variable<T = unknown> {
  /** In the environment. */
  name: string;
  parse: (text: string) => NonNullable<T>;
  /** As one would write it; undefined: not set, or derived. */
  fallback: string | undefined;
  /** The default where it is no fixed text; undefined: `fallback` holds. */
  derive: ((context: Context) => NonNullable<T> | undefined) | undefined;
  /** The default in words, where it is no fixed text. */
  fallbackInWords: string | undefined;
  expected: string;
  meaning: string;
  /** Nothing starts without it. */
  required: boolean;
  /** Its value is never shown. */
  secret: boolean;
  /** The errors of `parse` say what is wrong, for people. */
  explains: boolean;
  /** Of a duration: the least that it takes, in milliseconds. */
  leastMs?: number;
  /** For the types alone: what its value is, undefined included. */
  type?: () => T;
}

export interface Options<T> {
  /** As one would write it. Without any default, and not required, the value is undefined when it is not set. */
  default?: string;
  derive?: (context: Context) => T | undefined;
  defaultInWords?: string;
  meaning: string;
  required?: true;
}

/** The value that a variable with these options has: undefined only if nothing else is there when it is not set. */
type Given<T, O> = O extends { default: string } | { required: true } | { derive: (context: Context) => T }
  ? T
  : T | undefined;

const MAX_DURATION_MS = 24 * 3_600_000; // setTimeout overflows at 24.8 days and then fires at once

export function text<const O extends Options<string>>(name: string, options: O): Variable<Given<string, O>> {
  return variable(name, options, parseText, 'some text');
}

/** Text that is shown nowhere: not in the log, not in an error. */
export function secret<const O extends Options<string>>(
  name: string,
  options: O,
): Variable<Given<string, O>> {
  return { ...variable(name, options, parseText, 'some text'), secret: true };
}

/** A URL; a password in it is shown nowhere. */
export function url<const O extends Options<URL> & { protocols?: string[] }>(
  name: string,
  options: O,
): Variable<Given<URL, O>> {
  const { protocols } = options;
  const parse = (value: string) => {
    const parsed = new URL(value);
    if (protocols?.includes(parsed.protocol.slice(0, -1)) === false) throw new Error('another protocol');
    return parsed;
  };
  const expected = protocols === undefined ? 'a URL' : `a URL with ${protocols.join(' or ')}`;
  return variable(name, options, parse, expected);
}

/** A whole number. */
export function integer<const O extends Options<number> & { least?: number; most?: number }>(
  name: string,
  options: O,
): Variable<Given<number, O>> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = options;
  const parse = (value: string) => {
    const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) throw new Error('out of range');
    return number;
  };
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  return variable(name, options, parse, `a whole number, ${range}`);
}

export function port<const O extends Options<number>>(name: string, options: O): Variable<Given<number, O>> {
  return variable(name, options, parsePort, 'a port from 0 to 65535');
}

/** In milliseconds; `least` is the least that makes sense, where 0 does not. */
export function duration<const O extends Options<number> & { least?: string }>(
  name: string,
  options: O,
): Variable<Given<number, O>> {
  const { least = '0' } = options;
  const leastMs = parseDuration(least);
  const parse = (value: string) => {
    const ms = parseDuration(value);
    if (ms < leastMs) throw new Error('too short');
    return ms;
  };
  const range = least === '0' ? 'at most 24h' : `${least} to 24h`;
  return { ...variable(name, options, parse, `a duration such as 250ms, 5s or 2m (${range})`), leastMs };
}

/** In milliseconds; `none` is Infinity. */
export function durationOrNone<const O extends Options<number>>(
  name: string,
  options: O,
): Variable<Given<number, O>> {
  const parse = (value: string) => (value === 'none' ? Infinity : parseDuration(value));
  return variable(name, options, parse, 'a duration such as 250ms, 5s or 2m (at most 24h), or none');
}

export function oneOf<const T extends string, const O extends Options<NoInfer<T>>>(
  name: string,
  choices: readonly T[],
  options: O,
): Variable<Given<T, O>> {
  const parse = (value: string) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new Error('no choice');
    return choice;
  };
  return variable(name, options, parse, `one of ${choices.join(', ')}`);
}

export function flag<const O extends Options<boolean>>(
  name: string,
  options: O,
): Variable<Given<boolean, O>> {
  return variable(name, options, parseFlag, 'true or false');
}

/** Text with a form of its own; `parse` throws an error that says what is wrong with it. */
export function custom<T, const O extends Options<T>>(
  name: string,
  parse: (text: string) => T,
  expected: string,
  options: O,
): Variable<Given<T, O>> {
  return { ...variable<T, O>(name, options, parse, expected), explains: true };
}

export function bytes<const O extends Options<number>>(name: string, options: O): Variable<Given<number, O>> {
  return variable(name, options, parseBytes, 'a size such as 512b, 100kb or 2mb');
}

/** Express's `trust proxy`: true, false, hops, or addresses, subnets and their names. */
export function proxies<const O extends Options<boolean | number | string[]>>(
  name: string,
  options: O,
): Variable<Given<boolean | number | string[], O>> {
  const expected =
    'true, false, a number of hops, or a list of addresses, subnets, loopback, linklocal, uniquelocal';
  return variable(name, options, parseTrustProxy, expected);
}

function variable<T, O extends Options<T>>(
  name: string,
  options: O,
  parse: (text: string) => T,
  expected: string,
): Variable<Given<T, O>> {
  const { default: fallback, derive, defaultInWords: fallbackInWords, meaning, required = false } = options;
  const found = { name, parse, fallback, derive, fallbackInWords, expected, meaning, required };
  return { ...found, secret: false, explains: false } as unknown as Variable<Given<T, O>>;
}

function parseText(value: string): string {
  if (value.trim() === '') throw new Error('empty');
  return value;
}

function parseFlag(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new Error('no flag');
  return value === 'true';
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
  if (value === 'true' || value === 'false') return parseFlag(value);
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
