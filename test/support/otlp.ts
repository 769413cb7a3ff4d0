// Traces on the wire, as OpenTelemetry has written down what they are.
import { fileURLToPath } from 'node:url';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** OpenTelemetry's own: https://github.com/open-telemetry/opentelemetry-proto, 1.9.0 and what came after it. */
const PROTO = fileURLToPath(new URL('otlp', import.meta.url));
const { 'opentelemetry.proto.collector.trace.v1.TraceService': SERVICE } = loadSync(
  'opentelemetry/proto/collector/trace/v1/trace_service.proto',
  { includeDirs: [PROTO], longs: String, enums: String, oneofs: true },
);
/** How an export is asked and answered, also where it is a POST. */
export const EXPORT = (SERVICE as unknown as { Export: MethodDefinition<TraceRequest, object> }).Export;

/** A span as it was sent. */
export interface SentSpan {
  name: string;
  kind: string;
  traceId: string;
  id: string;
  /** Empty: it has none. */
  parentId: string;
  attributes: Record<string, unknown>;
  /** `UNSET`, `OK` or `ERROR`. */
  status: string;
  /** What its status says. */
  message: string;
  events: { name: string; attributes: Record<string, unknown> }[];
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  /** What is said of the process. */
  resource: Record<string, unknown>;
}

/** What @grpc/proto-loader makes of ExportTraceServiceRequest. */
export interface TraceRequest {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { spans: RawSpan[] }[];
  }[];
}
interface KeyValue {
  key: string;
  value: { value: string; [kind: string]: unknown };
}
interface RawSpan {
  name: string;
  kind: string;
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId?: Buffer;
  attributes?: KeyValue[];
  status?: { code?: string; message?: string };
  events?: { name: string; attributes?: KeyValue[] }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

/** All spans of an export, in its order. */
export function spansOf({ resourceSpans }: TraceRequest): SentSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind.replace('SPAN_KIND_', ''),
        traceId: span.traceId.toString('hex'),
        id: span.spanId.toString('hex'),
        parentId: span.parentSpanId?.toString('hex') ?? '',
        attributes: valuesOf(span.attributes),
        status: (span.status?.code ?? 'STATUS_CODE_UNSET').replace('STATUS_CODE_', ''),
        message: span.status?.message ?? '',
        events: (span.events ?? []).map(({ name, attributes }) => ({
          name,
          attributes: valuesOf(attributes),
        })),
        start: Number(span.startTimeUnixNano) / 1e6,
        end: Number(span.endTimeUnixNano) / 1e6,
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

function valuesOf(pairs: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(one: KeyValue['value']): unknown {
  const kind = one.value;
  const value = one[kind];
  if (kind === 'intValue') return Number(value);
  if (kind === 'arrayValue') return (value as { values: KeyValue['value'][] }).values.map(valueOf);
  return value;
}
