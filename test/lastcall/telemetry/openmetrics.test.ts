import { expect, test } from '@jest/globals';
import { wantsOpenMetrics } from '../../../src/lastcall/telemetry/openmetrics.ts';

const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';

test.each([
  [PROMETHEUS_2, true],
  [PROMETHEUS_3, true],
  ['application/openmetrics-text', true],
  ['Application/OpenMetrics-Text; Version=1.0.0', true],
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['text/plain;version=0.0.4', false],
  ['application/openmetrics-text;version=1.0.0;q=0', false],
  ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3', false],
  ['application/openmetrics-text;version=0.0.1', false],
  ['application/openmetrics-text;q=nonsense', false],
  [',;,=;q', false],
])('Accept: %s asks for OpenMetrics: %s', (accept, wants) => {
  expect(wantsOpenMetrics(accept)).toBe(wants);
});
