import { isSecret, MASK, withoutPassword } from './mask.ts';
import { isVariable, type Schema, type ValuesOf } from './schema.ts';
import type { Context, Variable } from './variables.ts';

export interface Reader {
  /** The values of a schema; those that can't be used are undefined, and a problem. */
  read: <S extends Schema>(schema: S) => ValuesOf<S>;
  /** One line for each variable that can't be used, by its name. */
  problems: Map<string, string>;
}

/** Reads variables, and remembers what is wrong instead of throwing: people want to know all of it at once. */
export function reader(env: NodeJS.ProcessEnv, basics: Pick<Context, 'terminal' | 'own'>): Reader {
  const problems = new Map<string, string>();
  const values = new Map<string, unknown>();
  const context: Context = {
    ...basics,
    isSet: (name) => env[name] !== undefined,
    valueOf: (name) => values.get(name),
  };

  const readOne = (variable: Variable): unknown => {
    const { name, derive, fallback, required } = variable;
    const given = env[name];
    if (given === undefined) {
      if (required) problems.set(name, `${name} is not set: expected ${variable.expected}`);
      return derive?.(context) ?? (fallback === undefined ? undefined : variable.parse(fallback));
    }
    try {
      return variable.parse(given);
    } catch (error) {
      problems.set(name, problem(variable, given, error as Error));
      return fallback === undefined ? undefined : variable.parse(fallback);
    }
  };
  const remember = (variable: Variable) => {
    const value = readOne(variable);
    values.set(variable.name, value);
    return value;
  };
  const readAll = (schema: Schema) =>
    Object.fromEntries(
      Object.entries(schema).map(([place, entry]): [string, unknown] => [
        place,
        isVariable(entry)
          ? remember(entry)
          : Object.fromEntries(Object.entries(entry).map(([key, variable]) => [key, remember(variable)])),
      ]),
    );
  return { problems, read: (schema) => readAll(schema) as ValuesOf<typeof schema> };
}

function problem(variable: Variable, value: string, { message }: Error): string {
  const { name, expected, explains } = variable;
  const serviceLink = /^(tcp|udp|sctp):\/\//.test(value)
    ? ' (this looks like a Kubernetes service link, made for a Service whose name gives this variable: set enableServiceLinks: false in the pod spec)'
    : '';
  const hidden = isSecret(name, variable);
  const shown = hidden ? MASK : JSON.stringify(withoutPassword(value));
  const why = explains && !hidden ? ` (${withoutPassword(message)})` : ''; // it may quote the value
  return `${name}=${shown}: expected ${expected}${why}${serviceLink}`;
}
