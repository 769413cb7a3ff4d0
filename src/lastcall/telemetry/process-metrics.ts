import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Counter, Gauge } from 'prom-client';
import type { Config } from '../config/schema.ts';
import type { MetricRegistry } from './metric-factory.ts';

/** Without a limit, cgroups say the largest number of pages that fits into 63 or 64 bits, and Node may say 0. */
const UNLIMITED = 2 ** 62;

/** What Node and the process say of themselves. */
export function processMetrics(registry: MetricRegistry): void {
  collectDefaultMetrics({ register: registry });
  // Gauges whose names end like counters: `promtool check metrics` refuses them.
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }
  new Gauge({
    name: 'nodejs_heap_size_limit_bytes',
    help: 'Most bytes that V8 lets the heap grow to.',
    registers: [registry],
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });
  new Gauge({
    name: 'process_memory_limit_bytes',
    help: 'Most memory that the container may have; +Inf: there is no limit.',
    registers: [registry],
    collect() {
      this.set(memoryLimit());
    },
  });
}

/** In bytes. Read each time, because Kubernetes resizes running pods. */
function memoryLimit(): number {
  const bytes = process.constrainedMemory();
  return bytes > 0 && bytes < UNLIMITED ? bytes : Infinity;
}

/** Which build this is. */
export function buildMetric(
  registry: MetricRegistry,
  { name, version, revision }: Pick<Config['service'], 'name' | 'version' | 'revision'>,
): void {
  new Gauge({
    name: `${name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')}_build_info`,
    help: 'Always 1; what runs here is in the labels.',
    labelNames: ['version', 'revision', 'node_version'],
    registers: [registry],
  }).set({ version, revision, node_version: process.version }, 1);
}

/** What the log could not say. */
export function logMetric(registry: MetricRegistry, droppedLines: () => number): void {
  new Counter({
    name: 'log_lines_dropped_total',
    help: 'Lines of the log that were dropped because nobody read it.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  });
}
