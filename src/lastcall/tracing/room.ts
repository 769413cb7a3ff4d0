import type { Room } from '../room.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { contradictions, SCHEMA } from './variables.ts';

/** Traces and metrics for a collector, by OpenTelemetry. Where there is none, nothing of it is loaded. */
export const tracing: Room<typeof SCHEMA> = {
  name: 'tracing',
  schema: SCHEMA,
  contradictions,
  prepare: async (values, ground) => {
    const { endpoint, tracesEndpoint, exporter, metricsExporter, disabled } = values;
    const traces = (tracesEndpoint ?? endpoint) !== undefined && exporter === 'otlp';
    if (disabled || !(traces || metricsExporter === 'otlp')) return undefined;
    const { logSdk } = await import('./sdk-log.ts');
    logSdk(ground.logger);
    let tracing: Tracing | undefined;
    if (traces) {
      const { startTracing } = await import('./start.ts');
      tracing = await startTracing(values, ground);
    }
    if (metricsExporter === 'otlp') {
      const { exportMetrics } = await import('./metrics-export.ts');
      await exportMetrics(values, ground);
    }
    return tracing;
  },
};
