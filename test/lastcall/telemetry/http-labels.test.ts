import { expect, test } from '@jest/globals';
import { httpLabels } from '../../../src/lastcall/telemetry/http-labels.ts';

test('the labels of two equal requests are one object', () => {
  const labelsOf = httpLabels();
  const labels = labelsOf('GET', '/orders/:id', '200');

  expect(labels).toEqual({
    http_request_method: 'GET',
    http_route: '/orders/:id',
    http_response_status_code: '200',
  });
  expect(labelsOf('GET', '/orders/:id', '200')).toBe(labels);
  expect(labelsOf('GET', '/orders/:id', '404')).not.toBe(labels);
});

test('invented methods are one', () => {
  const labelsOf = httpLabels();

  expect(labelsOf('PURGE', '/', '200')).toBe(labelsOf('get', '/', '200'));
});

test('there is a most to them; those that come later keep the class of their status', () => {
  const labelsOf = httpLabels(2);
  const first = labelsOf('GET', '/', '200');
  labelsOf('GET', '/', '201');
  const later = Array.from({ length: 900 }, (_, i) => labelsOf('GET', '/', String(100 + i)));

  expect(labelsOf('GET', '/', '200')).toBe(first);
  expect(new Set(later).size).toBeLessThanOrEqual(2 + 9);
  expect(labelsOf('POST', '/x', '503')).toEqual({
    http_request_method: '_OTHER',
    http_route: '_OTHER',
    http_response_status_code: '5xx',
  });
  expect(labelsOf('POST', '/x', '').http_response_status_code).toBe('');
});
