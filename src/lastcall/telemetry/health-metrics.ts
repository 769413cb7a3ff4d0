import { Gauge } from 'prom-client';
import type { Health } from '../lifecycle/health.ts';
import type { MetricRegistry } from './metric-factory.ts';

/** The last result of each health check. */
export function healthMetrics(registry: MetricRegistry, health: Health): void {
  const common = { labelNames: ['check'], registers: [registry] };
  new Gauge({
    name: 'health_check_up',
    help: '1 if the last run of the check was good, else 0.',
    ...common,
    collect() {
      for (const { name: check, up } of health.status()) this.set({ check }, up === true ? 1 : 0);
    },
  });
  new Gauge({
    name: 'health_check_duration_seconds',
    help: 'How long the last run of the check took.',
    ...common,
    collect() {
      for (const { name: check, durationMs = 0 } of health.status()) this.set({ check }, durationMs / 1000);
    },
  });
}
