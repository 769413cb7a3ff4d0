import type { Contradiction } from '../config/contradictions.ts';
import type { ValuesOf } from '../config/schema.ts';
import {
  type Context,
  custom,
  durationOrNone,
  flag,
  integer,
  oneOf,
  text,
  url,
} from '../config/variables.ts';
import { parsePairs } from './pairs.ts';

const PROTOCOLS = ['http/protobuf', 'grpc'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const PROPAGATORS = ['tracecontext', 'baggage'];
const COLLECTOR = { protocols: ['http', 'https'] };
const PAIRS = 'a list such as key=value,other=value, with values that are percent-encoded';

/** The variables of OpenTelemetry that hold here, with its names and defaults, and one of our own. */
export const SCHEMA = {
  endpoint: url('OTEL_EXPORTER_OTLP_ENDPOINT', {
    ...COLLECTOR,
    meaning:
      'Collector that traces go to, as OTLP; with `http/protobuf`, `/v1/traces` below it. Not set: no tracing',
  }),
  tracesEndpoint: url('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', {
    ...COLLECTOR,
    meaning: 'The same for traces alone, and as it stands, nothing below it',
  }),
  protocol: oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOLS, {
    default: 'http/protobuf',
    meaning: 'What the collector speaks: usually `http/protobuf` on port 4318, `grpc` on 4317',
  }),
  tracesProtocol: oneOf('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', PROTOCOLS, {
    meaning: 'The same for traces alone',
  }),
  headers: {
    ...custom('OTEL_EXPORTER_OTLP_HEADERS', parsePairs, PAIRS, {
      meaning: 'Headers for the collector, shown nowhere',
    }),
    secret: true,
  },
  tracesHeaders: {
    ...custom('OTEL_EXPORTER_OTLP_TRACES_HEADERS', parsePairs, PAIRS, {
      meaning: 'More of them for traces alone',
    }),
    secret: true,
  },
  timeoutMs: integer('OTEL_EXPORTER_OTLP_TIMEOUT', {
    default: '10000',
    least: 1,
    meaning: 'Most milliseconds for one export, second tries included',
  }),
  tracesTimeoutMs: integer('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', {
    least: 1,
    meaning: 'The same for traces alone',
  }),
  exporter: oneOf('OTEL_TRACES_EXPORTER', ['otlp', 'none'], {
    default: 'otlp',
    meaning: '`none`: no tracing, whatever the collector is for',
  }),
  metricsExporter: oneOf('OTEL_METRICS_EXPORTER', ['otlp', 'none'], {
    default: 'none',
    meaning: '`otlp`: the metrics go to the collector, too, under the names that they have on `/metrics`',
  }),
  metricsEndpoint: url('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', {
    ...COLLECTOR,
    meaning: 'Where metrics go as it stands, nothing below it, if not to the same collector',
  }),
  metricsIntervalMs: integer('OTEL_METRIC_EXPORT_INTERVAL', {
    default: '60000',
    least: 100,
    meaning: 'Milliseconds from one export of the metrics to the next',
  }),
  sampler: oneOf('OTEL_TRACES_SAMPLER', SAMPLERS, {
    default: 'parentbased_always_on',
    meaning:
      'Which traces are sampled; `parentbased_…`: as the caller says, and that rule where there is none',
  }),
  samplerArg: custom('OTEL_TRACES_SAMPLER_ARG', parseRatio, 'a number from 0 to 1', {
    default: '1',
    meaning: 'The part of them that is sampled, for `traceidratio`',
  }),
  slowMs: durationOrNone('TRACING_SLOW_REQUESTS', {
    default: '1s',
    meaning:
      'Requests that take this long are kept though they are not sampled, and so are those that fail; `none`: neither',
  }),
  propagators: custom('OTEL_PROPAGATORS', parsePropagators, 'a list of tracecontext and baggage, or none', {
    default: 'tracecontext,baggage',
    meaning: 'What is read of requests, and sent with those to other services',
  }),
  serviceName: text('OTEL_SERVICE_NAME', {
    derive: ({ valueOf }: Context) => String(valueOf('SERVICE_NAME')),
    defaultInWords: '`service.name` of the attributes, or `SERVICE_NAME`',
    meaning: 'Name in traces',
  }),
  resourceAttributes: custom('OTEL_RESOURCE_ATTRIBUTES', parsePairs, PAIRS, {
    meaning: 'What every trace says of this process, beside its name, version and pod',
  }),
  disabled: flag('OTEL_SDK_DISABLED', {
    default: 'false',
    meaning: 'No tracing, whatever the others say',
  }),
};

export type Values = ValuesOf<typeof SCHEMA>;

export function contradictions(values: Values): Contradiction[] {
  return [...grpcWithPath(values), ...metricsWithoutCollector(values)];
}

function metricsWithoutCollector({ metricsExporter, endpoint, metricsEndpoint }: Values): Contradiction[] {
  if (metricsExporter === 'none' || (endpoint ?? metricsEndpoint) !== undefined) return [];
  const text = 'OTEL_METRICS_EXPORTER: expected OTEL_EXPORTER_OTLP_ENDPOINT to be set, too';
  return [{ of: ['OTEL_METRICS_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT'], text }];
}

/** gRPC has no paths. */
function grpcWithPath(values: Values): Contradiction[] {
  const { endpoint, tracesEndpoint, protocol, tracesProtocol } = values;
  if ((tracesProtocol ?? protocol) !== 'grpc') return [];
  const [name, target, of] =
    tracesEndpoint === undefined
      ? ['OTEL_EXPORTER_OTLP_ENDPOINT', endpoint, 'OTEL_EXPORTER_OTLP_PROTOCOL']
      : ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', tracesEndpoint, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'];
  if (target === undefined || target.pathname === '/') return [];
  const text = `${name}: expected no path, because grpc has none, and it is ${target.pathname}`;
  return [{ of: [name, of, 'OTEL_EXPORTER_OTLP_PROTOCOL'], text }];
}

function parseRatio(value: string): number {
  const ratio = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(ratio <= 1)) throw new Error('no part of one');
  return ratio;
}

function parsePropagators(value: string): string[] {
  if (value === 'none') return [];
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) if (!PROPAGATORS.includes(name)) throw new Error(`"${name}" is not known here`);
  return names;
}
