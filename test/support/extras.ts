import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, render } from '../../scripts/helm.ts';

// Parts of the chart may have been taken out: docs/taking-out.md.

type Values = Record<string, unknown>;

const DEFAULTS = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Values;

/** The kinds of all objects that the chart can render. */
export const KINDS: string[] = readdirSync(join(CHART, 'templates'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => readFileSync(join(CHART, 'templates', file), 'utf8').match(/(?<=^kind: )\w+/gm) ?? []);

/** Of these values, those whose block the chart has. */
export function knownOf(values: Values, known: Values = DEFAULTS): Values {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => key in known)
      .map(([key, value]) => {
        const below = known[key];
        return [key, isBlock(value) && isBlock(below) ? knownOf(value, below) : value];
      }),
  );
}

/** The schema refuses the value, and its message has the last key of its path. */
export async function expectRefused(path: string, value: unknown): Promise<void> {
  const keys = path.split('.');
  const values = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object;
  await expect(render({ values })).rejects.toThrow(
    new RegExp(`values don't meet the specifications of the schema.*\\b${keys.at(-1)}\\b`, 's'),
  );
}

/** Something with keys that are known: in an empty one, as `configFiles.data`, anything may be. */
function isBlock(value: unknown): value is Values {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}
