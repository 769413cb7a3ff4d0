import { isDeepStrictEqual } from 'node:util';

/** The same document as it was, as it is here, and as it is there. */
export interface Versions<T = unknown> {
  base: T;
  ours: T;
  theirs: T;
}

/**
 * Merges three versions of a JSON document by their keys: what only one side has changed is the same in all three of
 * the result, so that a merge of their lines has nothing left but what both have changed.
 */
export function settle(versions: Versions): Versions {
  const { base, ours, theirs } = versions;
  if (isDeepStrictEqual(ours, theirs) || isDeepStrictEqual(base, theirs)) return same(ours);
  if (isDeepStrictEqual(base, ours)) return same(theirs);
  if (!isObject(ours) || !isObject(theirs)) return versions;
  const old = isObject(base) ? base : {};
  const settled = keysOf(ours, theirs).map((key): [string, Versions] => [
    key,
    settle({ base: old[key], ours: ours[key], theirs: theirs[key] }),
  ]);
  const side = (name: keyof Versions) =>
    Object.fromEntries(
      settled.map(([key, value]) => [key, value[name]] as const).filter(([, value]) => value !== undefined),
    );
  return { base: side('base'), ours: side('ours'), theirs: side('theirs') };
}

const same = (value: unknown): Versions => ({ base: value, ours: value, theirs: value });

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Theirs in their order, and each of ours behind the one that it stands behind here. */
function keysOf(ours: object, theirs: object): string[] {
  const keys = Object.keys(theirs);
  let at = 0;
  for (const key of Object.keys(ours)) {
    const found = keys.indexOf(key);
    if (found < 0) keys.splice(at, 0, key);
    at = (found < 0 ? at : found) + 1;
  }
  return keys;
}
