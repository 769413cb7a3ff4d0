import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  MetricsExporterMetricsHelper as ABOUT_ITSELF,
  ProtobufMetricsSerializer as SERIALIZER,
} from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { type Target, urlOf } from './exporter.ts';
import type { Values } from './variables.ts';

export type MetricsExporter = OTLPExporterBase<ResourceMetrics>;

/**
 * The exporter for the protocol of the collector, made of the parts that OpenTelemetry's own are made of: those of the metrics
 * are not released for every version of the others.
 */
export async function metricsExporterFor(values: Values): Promise<MetricsExporter> {
  const { endpoint, metricsEndpoint, protocol, headers = {}, timeoutMs } = values;
  const url = urlOf('metrics', endpoint, metricsEndpoint, protocol);
  const target = { url, headers, timeoutMillis: timeoutMs };
  return protocol === 'grpc' ? overGrpc(target) : overHttp(target);
}

async function overHttp(target: Target): Promise<MetricsExporter> {
  const { convertLegacyHttpOptions, createOtlpHttpExportDelegate } =
    await import('@opentelemetry/otlp-exporter-base/node-http');
  const type = { 'Content-Type': 'application/x-protobuf' };
  const options = convertLegacyHttpOptions(target, 'METRICS', 'v1/metrics', type);
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(options, SERIALIZER, 'otlp_http_metric_exporter', ABOUT_ITSELF, undefined),
  );
}

/** It takes the headers from the environment itself. */
async function overGrpc({ url, timeoutMillis }: Target): Promise<MetricsExporter> {
  const { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } =
    await import('@opentelemetry/otlp-grpc-exporter-base');
  const options = convertLegacyOtlpGrpcOptions({ url, timeoutMillis }, 'METRICS');
  const service = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
  return new OTLPExporterBase(
    createOtlpGrpcExportDelegate(
      options,
      SERIALIZER,
      'otlp_grpc_metric_exporter',
      ABOUT_ITSELF,
      undefined,
      'MetricsExportService',
      service,
    ),
  );
}
