// Writes what pages have of other files: the table of variables, and the code of files, and what the chart has to know of
// the variables: npm run docs
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { everyVariable } from '../test/support/schema.ts';
import { PAGES, renderPage } from './docs-blocks.ts';

const CONFIGURATION = 'docs/configuration.md';
const [START, END] = ['<!-- variables:start -->', '<!-- variables:end -->'];

/** A page as it should be. */
export async function docsPage(path: string): Promise<string> {
  const page = renderPage(path);
  const text = path === CONFIGURATION ? withVariables(page) : page;
  return formatted(path, text, 'markdown');
}

/** With a table that is made from the schema. */
function withVariables(page: string): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = Object.entries(everyVariable()).map(([name, variable]) => {
    const { fallback, fallbackInWords, expected, meaning, required } = variable;
    const none = required ? '**required**' : 'not set';
    const byDefault = fallbackInWords ?? (fallback === undefined ? none : `\`${fallback}\``);
    return `| ${[`\`${name}\``, byDefault, expected, meaning].map(cell).join(' | ')} |`;
  });
  const table = ['| Variable | Default | Expected | Meaning |', '| - | - | - | - |', ...rows].join('\n');
  const [start, end] = [page.indexOf(START), page.indexOf(END)];
  return `${page.slice(0, start)}${START}\n\n${table}\n\n${page.slice(end)}`;
}

/** Every variable that is a duration, for the chart, which refuses what the service would: {name: least milliseconds} */
const DURATIONS = 'helm/files/durations.json';

/** That file as it should be. */
export async function chartDurations(): Promise<{ path: string; now: string; wanted: string }> {
  const durations = Object.entries(everyVariable()).flatMap(([name, { leastMs }]) =>
    leastMs === undefined ? [] : [[name, leastMs] as const],
  );
  const wanted = await formatted(DURATIONS, JSON.stringify(Object.fromEntries(durations)), 'json');
  return { path: DURATIONS, now: readFileSync(DURATIONS, 'utf8'), wanted };
}

async function formatted(path: string, text: string, parser: string): Promise<string> {
  return format(text, { ...(await resolveConfig(path)), parser });
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of PAGES) {
    const wanted = await docsPage(page);
    if (wanted !== readFileSync(page, 'utf8')) writeFileSync(page, wanted);
  }
  const { path, wanted } = await chartDurations();
  writeFileSync(path, wanted);
}
