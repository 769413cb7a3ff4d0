import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { PAGES, renderPage } from './blocks.ts';

test.each(PAGES)(
  'the code of %s that names a file is what the file has (if not: npm run docs)',
  async (page) => {
    const rendered = await format(renderPage(page), { ...(await resolveConfig(page)), parser: 'markdown' });

    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, rendered);

    expect(readFileSync(page, 'utf8')).toBe(rendered);
  },
);
