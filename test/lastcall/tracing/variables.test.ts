import { describe, expect, test } from '@jest/globals';
import { loadAll } from '../../../src/lastcall/config/config.ts';
import { tracing } from '../../../src/lastcall/tracing/public.ts';
import { problemsWith } from '../../support/problems.ts';

const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const PAIRS = 'expected a list such as key=value,other=value, with values that are percent-encoded';

function valuesOf(env: Record<string, string>) {
  return loadAll(env, { terminal: false, variables: {}, rooms: [tracing] }).settingsOf(tracing);
}

describe('a value that can not be used', () => {
  test.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318": expected a URL with http or https',
    ],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      'OTEL_EXPORTER_OTLP_PROTOCOL="http/json": expected one of http/protobuf, grpc',
    ],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'Bearer tiger' }, `OTEL_EXPORTER_OTLP_HEADERS=***: ${PAIRS}`],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'a=1,b' }, `OTEL_RESOURCE_ATTRIBUTES="a=1,b": ${PAIRS} ("b" has no =)`],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'a=100%' },
      `OTEL_RESOURCE_ATTRIBUTES="a=100%": ${PAIRS} ("100%" has a % that is no percent-encoding)`,
    ],
    [
      { OTEL_EXPORTER_OTLP_TIMEOUT: '10s' },
      'OTEL_EXPORTER_OTLP_TIMEOUT="10s": expected a whole number, 1 or more',
    ],
    [
      { OTEL_TRACES_SAMPLER_ARG: '1.5' },
      'OTEL_TRACES_SAMPLER_ARG="1.5": expected a number from 0 to 1 (no part of one)',
    ],
    [
      { OTEL_PROPAGATORS: 'tracecontext,b3' },
      'OTEL_PROPAGATORS="tracecontext,b3": expected a list of tracecontext and baggage, or none ("b3" is not known here)',
    ],
    [{ OTEL_SDK_DISABLED: 'yes' }, 'OTEL_SDK_DISABLED="yes": expected true or false'],
  ])('is refused: %j', (env, problem) => {
    expect(problemsWith([tracing], env)).toEqual([problem]);
  });

  test('is a path where grpc has none', () => {
    const env = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317/v1',
    };

    expect(problemsWith([tracing], env)).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: expected no path, because grpc has none, and it is /v1',
    ]);
    expect(problemsWith([tracing], { ...env, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' })).toEqual(
      [],
    );
  });
});

test('metrics for a collector need one', () => {
  const env = { OTEL_METRICS_EXPORTER: 'otlp' };

  expect(problemsWith([tracing], env)).toEqual([
    'OTEL_METRICS_EXPORTER: expected OTEL_EXPORTER_OTLP_ENDPOINT to be set, too',
  ]);
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) {
    expect(problemsWith([tracing], { ...env, [name]: 'http://collector:4318' })).toEqual([]);
  }
});

test('keys and values are percent-decoded', () => {
  expect(
    valuesOf({ OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb, k8s.pod.name = shop ' }).resourceAttributes,
  ).toEqual({
    team: 'a,b',
    'k8s.pod.name': 'shop',
  });
});

test('the name is that of the service, unless traces have another', () => {
  expect(valuesOf({ ...COLLECTOR, SERVICE_NAME: 'shop' }).serviceName).toBe('shop');
  expect(valuesOf({ ...COLLECTOR, SERVICE_NAME: 'shop', OTEL_SERVICE_NAME: 'till' }).serviceName).toBe(
    'till',
  );
});
