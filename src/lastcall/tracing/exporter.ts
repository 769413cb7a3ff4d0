import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Values } from './variables.ts';

/** What exporters of OpenTelemetry are made with. */
export interface Target {
  url: string;
  headers: Record<string, string>;
  timeoutMillis: number;
}

/** The exporter for the protocol of the collector; only that is loaded. */
export async function exporterFor(values: Values): Promise<SpanExporter> {
  const protocol = values.tracesProtocol ?? values.protocol;
  const target: Target = {
    url: urlOf('traces', values.endpoint, values.tracesEndpoint, protocol),
    headers: { ...values.headers, ...values.tracesHeaders },
    timeoutMillis: values.tracesTimeoutMs ?? values.timeoutMs,
  };
  return protocol === 'grpc' ? overGrpc(target) : overHttp(target);
}

/** @param own of this signal alone, which is taken as it stands */
export function urlOf(
  signal: 'traces' | 'metrics',
  endpoint: URL | undefined,
  own: URL | undefined,
  protocol: string,
): string {
  if (own !== undefined) return own.href;
  if (endpoint === undefined) throw new Error('there is no collector');
  return protocol === 'grpc' ? endpoint.href : `${endpoint.href.replace(/\/$/, '')}/v1/${signal}`;
}

async function overHttp(target: Target): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter(target);
}

/** It takes the headers from the environment itself: they are `Metadata` of a package below it. */
async function overGrpc({ url, timeoutMillis }: Target): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
  return new OTLPTraceExporter({ url, timeoutMillis });
}
