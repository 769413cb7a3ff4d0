import { isVariable, type Schema } from './schema.ts';
import type { Variable } from './variables.ts';

/** Instead of what nobody may see. */
export const MASK = '***';

/** Whatever is called like this is masked, even if nobody has said that it is a secret. */
const SECRET_NAME = /secret|password|passwd|passphrase|credential|token|key$/i;

/**
 * Up to the last @: a password that should have been encoded has any character, and rather a host is not shown than a
 * part of a password.
 */
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*):.*@/gis;
/** `?password=…` of a URL, `password=…` of a connection string. */
const PARAMETER =
  /((?:^|[?&;\s])[\w.-]*(?:secret|password|passwd|passphrase|credential|token|key)\s*=\s*)(?:'[^']*'|"[^"]*"|[^&;\s#]+)/gi;

/** Whether the value of a variable, or of a place with this name, is for nobody's eyes. */
export function isSecret(name: string, variable?: Variable): boolean {
  return variable?.secret === true || SECRET_NAME.test(name);
}

/** Text as one may show it: without the passwords of URLs and connection strings. */
export function withoutPassword(text: string): string {
  return text.replace(USER_INFO, `$1:${MASK}@`).replace(PARAMETER, `$1${MASK}`);
}

/**
 * Values as one may log them, as plain JSON: without those that their schema or their name calls secret, without the
 * passwords of URLs, `none` for Infinity.
 */
export function maskSecrets(values: object, schema: Schema = {}): Record<string, unknown> {
  const text = JSON.stringify(withoutSecrets(values, schema), (name, value: unknown) => {
    if (value === undefined) return value;
    if (isSecret(name)) return MASK;
    if (value === Infinity) return 'none';
    return typeof value === 'string' ? withoutPassword(value) : value; // a URL comes as its text
  });
  return JSON.parse(text) as Record<string, unknown>;
}

/** By their place in the schema: another group may have a value of the same name that is none. */
function withoutSecrets(values: object, schema: Schema): object {
  return Object.fromEntries(
    Object.entries(values).map(([place, value]: [string, unknown]) => {
      const entry = schema[place];
      if (entry === undefined || value === undefined) return [place, value];
      if (isVariable(entry)) return [place, isSecret(entry.name, entry) ? MASK : value];
      return [place, withoutSecrets(value as object, entry)];
    }),
  );
}
