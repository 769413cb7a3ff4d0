import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const SCHEMA = JSON.parse(readFileSync('docs/rehearsal.schema.json', 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true, strict: true, formats: { 'date-time': true } }).compile(
  SCHEMA,
);

/** What docs/rehearsal.schema.json has against what `--json` would write of this. */
export function againstSchema(result: unknown): string[] {
  const written = JSON.parse(JSON.stringify(result)) as unknown;
  if (validate(written)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
