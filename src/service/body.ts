import type { Infer, Type, ValitaError } from '@badrap/valita';
import type { Request } from 'express';
import { Problem } from '#lastcall';

type Issue = ValitaError['issues'][number];

/** One thing that is wrong with a body, as in the example of RFC 9457. */
interface BodyError {
  /** To the value, as the fragment of a URI (RFC 6901): `#/items/0/sku`. */
  pointer: string;
  detail: string;
}

/**
 * The body that `jsonBody` has read.
 *
 * @throws Problem 415 if it is of another type, 400 if there is none
 */
export function jsonOf(req: Request): unknown {
  const body = req.body as unknown;
  if (body !== undefined) return body;
  const type = req.get('content-type');
  if (type !== undefined && req.is('json') === false) {
    throw new Problem(415, `the body is ${type}, expected application/json`);
  }
  throw new Problem(400, 'there is no body, expected JSON as application/json');
}

/**
 * The body, as a schema wants it.
 *
 * @throws Problem 422 whose `errors` are all that is wrong; what {@link jsonOf} throws
 */
export function validBody<S extends Type>(schema: S, req: Request): Infer<S> {
  const result = schema.try(jsonOf(req));
  if (result.ok) return result.value;
  const errors = result.issues.flatMap(errorsOf);
  throw new Problem(422, 'the body is not what is expected here: see errors', { errors });
}

function errorsOf(issue: Issue): BodyError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointer([...issue.path, key]), detail: 'is not known here' }));
  }
  return [{ pointer: pointer(issue.path), detail: detail(issue) }];
}

function detail(issue: Issue): string {
  switch (issue.code) {
    case 'missing_value':
      return 'is missing';
    case 'invalid_type':
      return `expected ${issue.expected.join(' or ')}`;
    case 'invalid_literal':
      return `expected ${issue.expected.map((choice) => JSON.stringify(choice)).join(' or ')}`;
    case 'custom_error':
      return issue.message ?? 'is not what is expected';
    case 'invalid_length':
      return `expected ${issue.minLength} to ${issue.maxLength ?? 'any number of'} entries`;
    case 'invalid_union':
    case 'unrecognized_keys':
      return 'is not what is expected';
  }
}

function pointer(keys: (string | number)[]): string {
  return ['#', ...keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}
