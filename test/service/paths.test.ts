import { expect, test } from '@jest/globals';
import { type Asked, readPaths } from '../../scripts/paths.ts';
import { own } from '../harness/own.ts';
import { startOwnService } from '../harness/own-service.ts';

const { get, slow, post, stream } = readPaths();
const MS = 20;

const ASKED: [name: string, asked: Asked | undefined, init?: RequestInit][] = [
  ['get', get],
  ['slow', slow],
  ['stream', stream],
  [
    'post',
    post,
    {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(post?.body ?? { text: 'all of this' }),
    },
  ],
];

/** An answer with its values where `expected` has a word for them. */
function withWords(value: unknown, expected: unknown, body: unknown): unknown {
  if (expected === '%text') return typeof value === 'string' ? expected : value;
  if (expected === '%ms') return value === MS ? expected : value;
  if (expected === '%body') return value === body ? expected : value;
  if (typeof expected !== 'object' || expected === null) return value;
  const fields = Object.entries(expected).map(([name, wanted]) => {
    const found = (value as Record<string, unknown> | undefined)?.[name];
    return [name, withWords(found, wanted, body)];
  });
  return Object.fromEntries(fields);
}

test.each(ASKED.filter(([, asked]) => asked !== undefined))(
  '`%s` of src/service/paths.json is answered as it says',
  async (_name, asked, init = {}) => {
    const { path = '', status, answer } = asked ?? {};
    const service = startOwnService();
    const given = new AbortController();
    own(() => given.abort());

    const url = `${await service.url}${path.replace('%ms', String(MS))}`;
    const response = await fetch(url, { ...init, signal: given.signal });

    expect(response.status).toBe(status);
    if (answer === undefined) return;
    const text = await response.text();
    const found = answer === '%body' ? text : (JSON.parse(text) as unknown);
    // oxlint-disable-next-line jest/no-conditional-expect -- any body will do where none is named
    expect(withWords(found, answer, init.body)).toEqual(answer);
  },
);
