import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { docsPage } from '../../scripts/docs.ts';
import { PAGES } from '../../scripts/docs-blocks.ts';

test.each(PAGES)('%s has of files and variables what they are (if not: npm run docs)', async (page) => {
  expect(readFileSync(page, 'utf8')).toBe(await docsPage(page));
});
