import type { JsonSchema } from './described.ts';
import { byPath, type Operation } from './operation.ts';

/** What `validBody` and the parser in front of it say. */
const OF_BODIES: [status: number, description: string][] = [
  [400, 'There is no body, or it is no JSON.'],
  [413, 'The body is too large.'],
  [415, 'The body is of another type.'],
  [422, 'The body is not what is expected; `errors` says where.'],
];

const PROBLEM: JsonSchema = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of these operations. */
export function documentOf(info: { title: string; version: string }, operations: Operation[]) {
  const paths = Object.entries(byPath(operations)).map(([path, own]) => [
    path,
    Object.fromEntries(own.map((each) => [each.method, described(each)])),
  ]);
  return {
    openapi: '3.1.0',
    info,
    paths: Object.fromEntries(paths) as Record<string, object>,
    components: { schemas: { Problem: PROBLEM } },
  };
}

function described({ id, summary, parameters = {}, body, answers }: Operation): object {
  const ofBodies =
    body === undefined ? [] : OF_BODIES.map(([status, description]) => [status, { description }]);
  const all = { ...(Object.fromEntries(ofBodies) as Operation['answers']), ...answers };
  return {
    operationId: id,
    summary,
    parameters: Object.entries(parameters).map(([name, schema]) => ({
      name,
      in: 'path',
      required: true,
      schema,
    })),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body.schema } } },
    }),
    responses: Object.fromEntries(
      Object.entries(all).map(([status, { description, schema }]) => [
        status,
        { description, ...contentOf(Number(status), schema) },
      ]),
    ),
  };
}

function contentOf(status: number, schema: JsonSchema | undefined): object {
  if (status >= 400) {
    return { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  }
  return schema === undefined ? {} : { content: { 'application/json': { schema } } };
}
