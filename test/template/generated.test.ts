import { expect, test } from '@jest/globals';
import { withPartsOf } from '../../scripts/template/generated.ts';

const table = (row: string) => `<!-- variables:start -->\n\n${row}\n\n<!-- variables:end -->`;
const code = (text: string, info = 'ts src/service/app.ts#features') => `\`\`\`${info}\n${text}\n\`\`\``;

test('a page gets the generated parts of the other version, and keeps its own words', () => {
  const theirs = `New words.\n\n${table('| PORT |')}\n\n${code('theirs')}\n`;
  const ours = `Old words.\n\n${table('| PORT | MINE |')}\n\n${code('mine $&')}\n`;

  expect(withPartsOf(theirs, ours)).toBe(`New words.\n\n${table('| PORT | MINE |')}\n\n${code('mine $&')}\n`);
});

test('code that is of no file is a part of the words', () => {
  const theirs = code('theirs', 'ts partial');

  expect(withPartsOf(theirs, code('mine', 'ts partial'))).toBe(theirs);
});

test('a part that the other version does not have stays as it is', () => {
  expect(withPartsOf(table('theirs'), 'nothing')).toBe(table('theirs'));
});
