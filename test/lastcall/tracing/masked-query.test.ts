import { expect, test } from '@jest/globals';
import { maskedQuery } from '../../../src/lastcall/tracing/masked-query.ts';

test.each([
  ['a=1&b=2', 'a=1&b=2'],
  ['a=1&token=tiger&b=2', 'a=1&token=***&b=2'],
  ['api_key=tiger', 'api_key=***'],
  ['sig=tiger&a=1', 'sig=***&a=1'],
  ['a=1&X-Amz-Signature=tiger', 'a=1&X-Amz-Signature=***'],
  ['http://scott:tiger@db/x?signature=tiger', 'http://scott:***@db/x?signature=***'],
])('%s is shown as %s', (query, shown) => {
  expect(maskedQuery(query)).toBe(shown);
});
