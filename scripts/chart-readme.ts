// Writes the table of values in helm/README.md, from the schema and the defaults: npm run chart:readme
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const CHART = fileURLToPath(new URL('../helm/', import.meta.url));
const BEGIN = '<!-- values: written by `npm run chart:readme` -->\n\n<!-- prettier-ignore-start -->\n';
const END = '\n<!-- prettier-ignore-end -->';

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  enum?: string[];
}

/** The README as it should be. */
export function chartReadme(): { path: string; now: string; wanted: string } {
  const path = `${CHART}README.md`;
  const now = readFileSync(path, 'utf8');
  const [before = '', rest = ''] = now.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  if (!after.startsWith(END)) throw new Error(`${path} has no place for the table`);
  return { path, now, wanted: `${before}${BEGIN}${table()}${after}` };
}

function table(): string {
  const schema = JSON.parse(readFileSync(`${CHART}values.schema.json`, 'utf8')) as Schema;
  const values = parse(readFileSync(`${CHART}values.yaml`, 'utf8')) as Record<string, unknown>;
  const rows = [...rowsOf(schema, values, [])].map((cells) => `| ${cells.join(' | ')} |\n`);
  return `| value | default | meaning |\n| --- | --- | --- |\n${rows.join('')}`;
}

/** One row for each leaf of the schema, in its order. */
function* rowsOf({ properties = {} }: Schema, values: unknown, path: string[]): Generator<string[]> {
  for (const [key, schema] of Object.entries(properties)) {
    const at = [...path, key];
    const value = (values as Record<string, unknown> | null | undefined)?.[key];
    if (schema.properties !== undefined) {
      yield* rowsOf(schema, value, at);
      continue;
    }
    const choices = schema.enum?.filter((choice) => choice !== '').map((choice) => `\`${choice}\``);
    const meaning = [schema.description, choices && `One of ${choices.join(', ')}.`]
      .filter(Boolean)
      .join(' ');
    const shown = value === undefined ? '' : `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``;
    yield [`\`${at.join('.')}\``, shown, meaning.replaceAll('|', '\\|')];
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { path, wanted } = chartReadme();
  writeFileSync(path, wanted);
}
