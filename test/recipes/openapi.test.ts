import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import type { ServiceProcess } from '../harness/service.ts';
import { startRecipe } from './recipe.ts';

jest.setTimeout(60_000);

interface Operation {
  operationId: string;
  requestBody?: { content: { 'application/json': { schema: { examples: object[] } } } };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: object;
}
interface Asked {
  path: string;
  body?: unknown;
}

// #region contract
/** By operation and status, what is asked for it. */
const CONTRACT: Record<string, Record<number, () => Promise<Asked> | Asked>> = {
  createWidget: {
    201: () => ({ path: '/widgets', body: { name: 'bolt', size: 3 } }),
    400: () => ({ path: '/widgets' }),
    413: () => ({ path: '/widgets', body: 'x'.repeat(200_000) }),
    415: () => ({ path: '/widgets', body: new URLSearchParams({ name: 'bolt' }) }),
    422: () => ({ path: '/widgets', body: { name: 'Bolt', size: 0 } }),
  },
  getWidget: {
    200: async () => {
      const made = await ask('post', { path: '/widgets', body: { name: 'bolt', size: 3 } });
      return { path: `/widgets/${(made.body as { id: string }).id}` };
    },
    404: () => ({ path: '/widgets/none' }),
  },
};
// #endregion contract

let service: ServiceProcess;
let document: Document;

async function ask(method: string, { path, body }: Asked) {
  const sent = body instanceof URLSearchParams ? body : JSON.stringify(body);
  const headers: Record<string, string> =
    body === undefined || body instanceof URLSearchParams ? {} : { 'content-type': 'application/json' };
  const init = { method: method.toUpperCase(), headers, ...(body !== undefined && { body: sent }) };
  const answer = await fetch(`${await service.url}${path}`, init);
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  return { status: answer.status, type, body: await answer.json() };
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const compiled = new Map<object, ValidateFunction>();

/** What the document says against a value; null if nothing. */
function against(schema: object, value: unknown): unknown {
  const validate = compiled.get(schema) ?? ajv.compile({ ...schema, components: document.components });
  compiled.set(schema, validate);
  return validate(value) ? null : validate.errors;
}

const operations = () =>
  Object.values(document.paths).flatMap((own) =>
    Object.entries(own).map(([method, operation]) => ({ method, ...operation })),
  );

beforeAll(async () => {
  service = startRecipe('openapi');
  document = (await ask('get', { path: '/openapi.json' })).body as Document;
});

describe('the OpenAPI document', () => {
  test('is one, of version 3.1', async () => {
    const validator = new Validator();

    expect(await validator.validate({ ...structuredClone(document) })).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('has a contract for every answer of every operation', () => {
    const documented = operations().map(({ operationId, responses }) => [
      operationId,
      Object.keys(responses),
    ]);
    const kept = Object.entries(CONTRACT).map(([id, answers]) => [id, Object.keys(answers)]);

    expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(documented));
  });

  test.each(
    Object.entries(CONTRACT).flatMap(([id, answers]) =>
      Object.entries(answers).map(([status, asked]) => [id, Number(status), asked] as const),
    ),
  )('%s answers %d as it is documented', async (id, status, asked) => {
    const found = operations().find(({ operationId }) => operationId === id);

    const answer = await ask(found?.method ?? '', await asked());

    expect(answer.status).toBe(status);
    const { content = {} } = found?.responses[status] ?? {};
    expect(Object.keys(content)).toEqual([answer.type]);
    expect(against(content[answer.type]?.schema ?? {}, answer.body)).toBeNull();
  });

  test('says of every body what the service says of it', async () => {
    const schema = document.paths['/widgets']?.['post']?.requestBody?.content['application/json'].schema;
    if (schema === undefined) throw new Error('createWidget has no body');
    const agree = async (sent: unknown) => {
      const { status } = await ask('post', { path: '/widgets', body: sent });
      expect({ sent, status }).toEqual({ sent, status: against(schema, sent) === null ? 201 : 422 });
    };
    for (const example of schema.examples) {
      expect(against(schema, example)).toBeNull();
      for (const key of Object.keys(example))
        await agree(JSON.parse(JSON.stringify({ ...example, [key]: undefined })));
    }
    const NAMES = ['', 'a', 'z'.repeat(20), 'z'.repeat(21), 'Z', String.raw`z\n`];
    const fields = {
      name: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...NAMES) }, fc.string()),
      size: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1, 100, 101, 1.5, '1') }, fc.double()),
      colour: fc.constantFrom('red', 'blue', 'Red', null),
      other: fc.boolean(),
    };
    const bodies = fc.oneof(
      { weight: 9, arbitrary: fc.record(fields, { requiredKeys: ['name', 'size'] }) },
      fc.object(),
      fc.array(fc.jsonValue()),
    );

    await fc.assert(
      fc.asyncProperty(bodies, async (body) => agree(JSON.parse(JSON.stringify(body)))),
      { numRuns: 300 },
    );
  });
});
