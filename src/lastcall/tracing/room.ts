import type { Room } from '../room.ts';
import { contradictions, SCHEMA } from './variables.ts';

/** Traces, by OpenTelemetry, where there is a collector for them. Elsewhere nothing of it is loaded. */
export const tracing: Room<typeof SCHEMA> = {
  name: 'tracing',
  schema: SCHEMA,
  contradictions,
  prepare: async (values, ground) => {
    const { endpoint, tracesEndpoint, exporter, disabled } = values;
    if ((tracesEndpoint ?? endpoint) === undefined || exporter === 'none' || disabled) return undefined;
    const { startTracing } = await import('./start.ts');
    return startTracing(values, ground);
  },
};
