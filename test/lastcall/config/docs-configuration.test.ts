import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { everyVariable } from '../../support/schema.ts';

const FILE = 'docs/configuration.md';
const [START, END] = ['<!-- variables:start -->', '<!-- variables:end -->'];

/** The whole page with a table that is made from the schema, as prettier leaves it. */
async function render(page: string): Promise<string> {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = Object.entries(everyVariable()).map(([name, variable]) => {
    const { fallback, fallbackInWords, expected, meaning, required } = variable;
    const none = required ? '**required**' : 'not set';
    const byDefault = fallbackInWords ?? (fallback === undefined ? none : `\`${fallback}\``);
    return `| ${[`\`${name}\``, byDefault, expected, meaning].map(cell).join(' | ')} |`;
  });
  const table = ['| Variable | Default | Expected | Meaning |', '| - | - | - | - |', ...rows].join('\n');
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  const whole = `${page.slice(0, start)}${START}\n\n${table}\n\n${page.slice(end)}`;
  return format(whole, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

test('the table of variables in docs/configuration.md is that of the schema (if not: npm run docs)', async () => {
  const page = readFileSync(FILE, 'utf8');
  const rendered = await render(page);

  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, rendered);

  expect(readFileSync(FILE, 'utf8')).toBe(rendered);
});
