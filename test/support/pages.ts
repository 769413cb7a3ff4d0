import { readdirSync } from 'node:fs';

/** All pages that people read, but the changelog, which is written by a program. */
export const ALL_PAGES = [
  ...readdirSync('.'),
  ...readdirSync('docs', { encoding: 'utf8', recursive: true }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md');
