import { byName, isVariable, type Schema } from './schema.ts';
import type { Variable } from './variables.ts';

/** Defaults of a service for variables of the engine and its rooms, as one would write them: `{ PORT: '3000' }`. */
export type Defaults = Record<string, string>;

/**
 * The schema with the defaults of a service instead of its own, where there are some.
 *
 * @throws Error if a variable takes no such text
 */
export function withDefaults<S extends Schema>(schema: S, defaults: Defaults): S {
  const withOwn = (variable: Variable): Variable => {
    const text = defaults[variable.name];
    if (text === undefined) return variable;
    try {
      variable.parse(text);
    } catch (cause) {
      const found = `${variable.name}=${JSON.stringify(text)}`;
      throw new Error(`defaults of the service: ${found}: expected ${variable.expected}`, { cause });
    }
    // What is derived on a terminal still is; what was always derived has a fixed default now.
    const derive = variable.fallback === undefined ? undefined : variable.derive;
    return { ...variable, fallback: text, fallbackInWords: undefined, derive };
  };
  const entries = Object.entries(schema).map(([place, entry]) => [
    place,
    isVariable(entry)
      ? withOwn(entry)
      : Object.fromEntries(Object.entries(entry).map(([key, variable]) => [key, withOwn(variable)])),
  ]);
  return Object.fromEntries(entries) as S;
}

/** @throws Error for a default of a variable that no schema has */
export function refuseStrangers(defaults: Defaults, schemas: Schema[]): void {
  const known = new Set(schemas.flatMap((schema) => Object.keys(byName(schema))));
  const strange = Object.keys(defaults).filter((name) => !known.has(name));
  if (strange.length === 0) return;
  throw new Error(`defaults of the service: there is no variable ${strange.join(', ')} in the engine`);
}
