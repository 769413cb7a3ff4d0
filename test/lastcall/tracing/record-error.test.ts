import type { Exception, Span } from '@opentelemetry/api';
import { expect, test } from '@jest/globals';
import { recordError } from '../../../src/lastcall/tracing/record-error.ts';

function recorded(thrown: unknown) {
  let event: Exception | undefined;
  const type = recordError(
    { recordException: (given: Exception) => (event = given) } as unknown as Span,
    thrown,
  );
  return { type, event };
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();
class Refusing extends Error {
  override get message(): string {
    throw new Error('not mine');
  }
}

test('an error is its class, its message and its stack', () => {
  const { type, event } = recorded(new TypeError('no luck'));

  expect(type).toBe('TypeError');
  expect(event).toMatchObject({
    name: 'TypeError',
    message: 'no luck',
    stack: expect.stringMatching(/^TypeError: no luck\n/),
  });
});

test.each([
  ['nothing', undefined],
  ['a text', 'boom'],
  ['an object without a prototype', Object.create(null)],
  ['a proxy that was revoked', revoked.proxy],
  ['an error that refuses to be read', new Refusing()],
])('%s may be thrown as well', (_what, thrown) => {
  expect(recorded(thrown)).toMatchObject({
    type: 'Error',
    event: { name: 'Error', message: expect.any(String) },
  });
});
