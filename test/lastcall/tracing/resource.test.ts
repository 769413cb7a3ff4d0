import { expect, test } from '@jest/globals';
import { resourceOf } from '../../../src/lastcall/tracing/resource.ts';
import type { Values } from '../../../src/lastcall/tracing/variables.ts';

const SERVICE = { name: 'shop', version: '1.2.3', revision: 'abc', pod: 'shop-1' };
const attributesOf = (values: Partial<Values>) =>
  resourceOf({ serviceName: 'shop', ...values } as Values, SERVICE).attributes;

test('it has name, version and pod of the service', () => {
  expect(attributesOf({})).toMatchObject({
    'service.name': 'shop',
    'service.version': '1.2.3',
    'service.instance.id': 'shop-1',
  });
});

test('attributes have another word, and OTEL_SERVICE_NAME has the last', () => {
  const resourceAttributes = { 'service.name': 'till', 'service.version': '9', team: 'a' };

  expect(attributesOf({ resourceAttributes })).toMatchObject(resourceAttributes);
  expect(attributesOf({ resourceAttributes, serviceName: 'bar' })).toMatchObject({
    'service.name': 'bar',
    team: 'a',
  });
});
