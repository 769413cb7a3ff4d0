import { type Infer, object, type Optional, type Type } from '@badrap/valita';

/** As much of JSON Schema 2020-12 as is needed; OpenAPI 3.1 takes it as it is. */
export type JsonSchema = Record<string, unknown>;

/** What checks a value, and what tells others how to make a good one. */
export interface Described<T extends Type | Optional = Type> {
  type: T;
  schema: JsonSchema;
}

/** A value that is more than its type: what `assert` has in a function stands here in words of JSON Schema. */
export function described<T extends Type | Optional>(type: T, schema: JsonSchema): Described<T> {
  return { type, schema };
}

type TypesOf<F extends Record<string, Described<Type | Optional>>> = { [K in keyof F]: F[K]['type'] };

/**
 * An object with these fields and no others. A field that has a default may be left out.
 *
 * @param example a good one
 */
export function describedObject<F extends Record<string, Described<Type | Optional>>>(
  fields: F,
  example: object,
) {
  const entries = Object.entries(fields);
  const types = Object.fromEntries(entries.map(([name, { type }]) => [name, type])) as TypesOf<F>;
  const properties = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  const required = entries.filter(([, { schema }]) => !('default' in schema)).map(([name]) => name);
  const schema = { type: 'object', properties, required, additionalProperties: false, examples: [example] };
  return described(object(types), schema);
}

/** What a body has when it has been checked. */
export type ValueOf<D extends Described> = Infer<D['type']>;
