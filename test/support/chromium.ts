import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { unlessMissing } from './skipping.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);

/** `test` if there is a browser, else `test.skip`. */
export function testInBrowser(): typeof test | typeof test.skip {
  const obstacle = 'none on PATH (Debian and Ubuntu: apt-get install chromium)';
  return unlessMissing(test, 'tests that need a browser', found === undefined ? obstacle : undefined);
}

/** What a browser finds wrong with a page. */
export interface Findings {
  /** Of the whole page and of what should be inside of something else, in words. */
  overflows: string[];
  /** Everything that was fetched. */
  fetched: string[];
  /** Of a strict XML parser, for each SVG. */
  malformed: string[];
  texts: number;
}

/** Opens the page in a window of this width, and looks. */
export function look(html: string, width: number): Findings {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  try {
    // A window of a real browser has a minimal width, a frame has none.
    const frame = `<iframe srcdoc="${html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}" style="border:0;width:${width}px;height:900px"></iframe>`;
    const script = `<script>onload = () => { document.title = JSON.stringify((${probe.toString()})(document.querySelector('iframe').contentWindow)); }</script>`;
    const file = join(folder, 'page.html');
    writeFileSync(file, `<!doctype html><meta charset="utf-8"><title>not yet</title>${frame}${script}`);
    const args = [
      '--headless',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      `--user-data-dir=${join(folder, 'profile')}`,
      `--window-size=${width + 100},1000`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--dump-dom',
      `file://${file}`,
    ];
    const { stdout, stderr } = spawnSync(found ?? 'chromium', args, {
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 26,
    });
    const title = /<title>(\{.*?\})<\/title>/s.exec(stdout)?.[1];
    if (title === undefined) throw new Error(`the browser has not said anything: ${stderr}`);
    return JSON.parse(
      title.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    ) as Findings;
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 5 });
  }
}

/** Runs in the browser, so it can use nothing from here. */
// oxlint-disable-next-line typescript/no-explicit-any
function probe(view: any): Findings {
  const page = view.document;
  // oxlint-disable-next-line typescript/no-explicit-any
  const all = (selector: string, within = page): any[] => [...within.querySelectorAll(selector)];
  const root = page.documentElement;
  const overflows: string[] = [];
  if (root.scrollWidth > view.innerWidth) overflows.push(`the page is ${root.scrollWidth} wide`);
  const said = (text: { textContent: string }) => JSON.stringify(text.textContent);
  for (const svg of all('svg')) {
    const whole = svg.getBoundingClientRect();
    for (const text of all('text', svg)) {
      const box = text.getBoundingClientRect();
      if (box.left < whole.left - 1 || box.right > whole.right + 1)
        overflows.push(`${said(text)} leaves the SVG`);
      if (box.top < whole.top - 1 || box.bottom > whole.bottom + 1)
        overflows.push(`${said(text)} leaves the SVG`);
    }
    for (const label of all('.state-label', svg)) {
      const bar = label.parentNode.querySelector('rect').getBoundingClientRect();
      if (label.getBoundingClientRect().right > bar.right) overflows.push(`${said(label)} leaves its bar`);
    }
    // The names are left of the plot.
    const plot = Math.min(...all('line.grid', svg).map((line) => line.getBoundingClientRect().left));
    for (const name of all('.replica > .name, .replica > .unit', svg)) {
      if (name.getBoundingClientRect().right > plot) overflows.push(`${said(name)} is in the plot`);
    }
  }
  const parse = (svg: { outerHTML: string }) =>
    new view.DOMParser().parseFromString(svg.outerHTML, 'image/svg+xml').querySelector('parsererror');
  return {
    overflows: overflows.slice(0, 20),
    fetched: view.performance.getEntriesByType('resource').map((entry: { name: string }) => entry.name),
    malformed: all('svg')
      .map(parse)
      .filter(Boolean)
      .map((error: { textContent: string }) => error.textContent),
    texts: all('svg text').length,
  };
}
