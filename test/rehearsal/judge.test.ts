import { expect, test } from '@jest/globals';
import type { Replica } from '../../rehearsal/cluster/replica.ts';
import { type Answer, type Asked, Judge } from '../../rehearsal/load/judge.ts';
import type { LoadPlan } from '../../rehearsal/plan.ts';
import { planOf, service } from '../support/rehearsal-plan.ts';

const STAYING = { name: 'old-1' } as Replica;
const LEAVING = { name: 'old-1', sigtermAtMs: 1000 } as Replica;

const judgeOf = (load: Partial<LoadPlan> = {}) => new Judge(planOf(service(), { load }).load);
const asked = (changes: Partial<Asked> = {}): Asked => ({ kind: 'get', id: 'r1', ...changes });
const answer = (text: string, changes: Partial<Answer> = {}): Answer => ({
  status: 200,
  headers: {},
  body: Buffer.from(text),
  replica: STAYING,
  ...changes,
});

/** Has seen this answer so often that it expects it. */
function usedTo(text: string, judge = judgeOf()): Judge {
  for (let i = 0; i < 20; i++) judge.of(asked(), answer(text));
  return judge;
}

test.each([
  ['part of it', 'hello wor', { cause: 'body', detail: 'cut short' }],
  ['nothing of it', '', { cause: 'body', detail: 'cut short' }],
  ['it twice', 'hello worldhello world', { cause: 'body', detail: 'doubled' }],
  ['it', 'hello world', undefined],
])('where a text was always the same, %s is judged as what it is', (_what, text, flaw) => {
  expect(usedTo('hello world').of(asked(), answer(text))).toEqual(flaw);
});

test('a text that is only another one is no damage: after SIGTERM it is worth a word, before it the text varies', () => {
  const judge = usedTo('hello world');
  expect(judge.of(asked(), answer('bye', { replica: LEAVING }))).toBe('unlike');

  expect(judge.of(asked(), answer('bye'))).toBeUndefined();
  expect(judge.of(asked(), answer('hello'))).toBeUndefined(); // nothing is usual any more
});

test('of texts that vary from the beginning nothing is expected', () => {
  const judge = judgeOf();
  for (let i = 0; i < 20; i++) judge.of(asked(), answer(`${i} requests`));

  expect(judge.of(asked(), answer('', { replica: LEAVING }))).toBeUndefined();
});

test('each replica and each kind of request has texts of its own', () => {
  const judge = usedTo('hello world');

  expect(judge.of(asked(), answer('hello', { replica: { name: 'old-2' } as Replica }))).toBeUndefined();
  expect(judge.of(asked({ kind: 'slow' }), answer('hello'))).toBeUndefined();
});

test.each([
  ['of another request', '{"text":"r6"}', 'of another request'],
  ['half of it', '{"text":"r', 'cut short'],
  ['half of it, spaced as the program does it', '{ "text": "r', 'cut short'],
  ['it twice', '{"text":"r7"}{"text":"r7"}', 'doubled'],
])('a program that sends bodies back is expected to go on: %s', (_what, text, detail) => {
  const judge = judgeOf();
  const post = (id: string) => asked({ kind: 'post', id, body: `{"text":"${id}"}` });
  for (let i = 0; i < 20; i++) judge.of(post(`r${i}`), answer(`{ "text": "r${i}" }`));

  expect(judge.of(post('r7'), answer('{ "text": "r7" }'))).toBeUndefined();
  expect(judge.of(post('r7'), answer(text))).toEqual({ cause: 'body', detail });
});

test('an id that has always come back names the answers of others, and one that has not says nothing', () => {
  const judge = judgeOf();
  const withId = (id: string) => answer('ok', { headers: { 'x-request-id': id } });
  for (let i = 0; i < 20; i++) judge.of(asked({ id: `r${i}` }), withId(`r${i}`));
  expect(judge.of(asked(), withId('r8'))).toEqual({ cause: 'body', detail: 'of another request' });
  expect(judge.of(asked(), answer('ok'))).toBeUndefined();

  const own = judgeOf();
  for (let i = 0; i < 20; i++) expect(own.of(asked(), withId(`own-${i}`))).toBeUndefined();
});

test('an id that has to come back is asked for from the first answer on', () => {
  const judge = judgeOf({ idHeader: 'Correlation' });
  const withId = (id: string) => answer('ok', { headers: { correlation: id } });

  expect(judge.of(asked(), withId('r1'))).toBeUndefined();
  expect(judge.of(asked(), withId('r2'))).toEqual({ cause: 'body', detail: 'of another request' });
  expect(judge.of(asked(), answer('ok'))).toEqual({ cause: 'body', detail: 'without the id of its request' });
});

test('a status and a text that are expected are those of the path of the load', () => {
  const judge = judgeOf({ expectStatus: 401, expectBody: 'who are you' });

  expect(judge.of(asked(), answer('who are you?', { status: 401 }))).toBeUndefined();
  expect(judge.of(asked(), answer('who are you?'))).toEqual({ cause: 'status', detail: 'status 200' });
  expect(judge.of(asked(), answer('away', { status: 401 }))).toEqual({
    cause: 'body',
    detail: 'without the expected text',
  });
  expect(judge.of(asked({ kind: 'slow' }), answer('done'))).toBeUndefined();
});
