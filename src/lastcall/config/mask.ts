import { isVariable, type Schema } from './schema.ts';
import { withoutPassword } from './read.ts';

/** Whatever is called like this is masked, even if nobody has said that it is a secret. */
const SECRET_NAME = /secret|password|token|key$/i;

/** Values as one may log them: without secrets, and without the passwords of URLs. */
export function maskSecrets(values: object, schema: Schema = {}): unknown {
  const secrets = secretsOf(schema);
  return JSON.parse(
    JSON.stringify(values, function mask(this: unknown, name: string, value: unknown) {
      if (value === Infinity) return 'none';
      if (value === undefined) return value;
      if (secrets.has(name) || SECRET_NAME.test(name)) return '***';
      return typeof value === 'string' ? withoutPassword(value) : value;
    }),
  ) as unknown;
}

/** The places of a schema whose values are secret. */
function secretsOf(schema: Schema): Set<string> {
  const found = Object.entries(schema).flatMap(([place, entry]) =>
    isVariable(entry) ? [[place, entry] as const] : Object.entries(entry),
  );
  return new Set(found.filter(([, { secret }]) => secret).map(([place]) => place));
}
