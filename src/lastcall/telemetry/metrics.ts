import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import type { Config } from '../config/schema.ts';
import type { TrackedRequest } from '../listener/request.ts';
import type { Health } from '../lifecycle/health.ts';
import { type Lifecycle } from '../lifecycle/lifecycle.ts';
import { type State, STATES } from '../lifecycle/states.ts';
import type { Drainable } from '../lifecycle/drainable.ts';
import { type HttpLabels, httpLabels } from './http-labels.ts';
import { wantsOpenMetrics } from './openmetrics.ts';

/** OpenTelemetry's advice for http.server.request.duration. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const PHASES: Record<string, State> = {
  window: 'lame-duck',
  drain: 'draining',
  cleanup: 'cleanup',
  final_scrape: 'final-scrape',
};
const REQUEST_OUTCOMES = ['served', 'drained', 'aborted', 'cut', 'broken'] as const;
const CONNECTION_OUTCOMES = ['closed', 'idle', 'upgraded', 'cut', 'broken', 'refused', 'left'] as const;

/** Makes metrics of the application; labels must have few values. */
export interface MetricFactory {
  counter(
    name: string,
    help: string,
    labelNames: string[],
  ): {
    inc(labels: Record<string, string>, by?: number): void;
  };
  /** In seconds, with the buckets of the request duration. */
  histogram(
    name: string,
    help: string,
    labelNames: string[],
  ): {
    observe(labels: Record<string, string>, seconds: number): void;
  };
  /** `read` is called at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
}

export interface Metrics extends MetricFactory {
  /** The exposition for Prometheus, in the format that the `Accept` header asks for. */
  expose: (accept?: string) => Promise<{ contentType: string; body: string }>;
  observeRequest: (request: TrackedRequest, route: string) => void;
}

/** Everything that is measured, in a registry of its own. Every series of the shutdown exists with 0 from the start. */
export function createMetrics(options: {
  service: Config['service'];
  lifecycle: Lifecycle;
  listeners: Drainable[];
  hookNames: () => string[];
  health: Health;
  droppedLines: () => number;
}): Metrics {
  const { service, lifecycle, listeners, hookNames, health, droppedLines } = options;
  // Only one of OpenMetrics takes a metric with exemplars.
  const registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry];

  collectDefaultMetrics({ register: registry });
  // Gauges whose names end like counters: `promtool check metrics` refuses them.
  for (const kind of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }

  new Gauge({
    name: 'nodejs_heap_size_limit_bytes',
    help: 'Most bytes that V8 lets the heap grow to.',
    registers,
    collect() {
      this.set(getHeapStatistics().heap_size_limit);
    },
  });

  new Gauge({
    name: `${service.name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')}_build_info`,
    help: 'Always 1; what runs here is in the labels.',
    labelNames: ['version', 'revision', 'node_version'],
    registers,
  }).set({ version: service.version, revision: service.revision, node_version: process.version }, 1);

  // The types of prom-client know the labels of exemplars as labels of the metric.
  const duration = new Histogram<keyof HttpLabels | 'trace_id'>({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: DURATION_BUCKETS,
    enableExemplars: true,
    registers,
  });
  const labelsOf = httpLabels();

  new Gauge({
    name: 'http_server_active_requests',
    help: 'Requests in flight.',
    labelNames: ['listener'],
    registers,
    collect() {
      for (const listener of listeners) {
        this.set({ listener: listener.name }, listener.tally().requests.lifetime.inFlight);
      }
    },
  });

  new Gauge({
    name: 'http_server_connections',
    help: 'Open connections.',
    labelNames: ['listener'],
    registers,
    collect() {
      for (const listener of listeners) {
        this.set({ listener: listener.name }, listener.tally().connections.lifetime.open);
      }
    },
  });

  new Counter({
    name: 'http_server_refused_connections_total',
    help: 'Connections closed as soon as they were accepted, because the process was about to run out of descriptors.',
    labelNames: ['listener'],
    registers,
    collect() {
      this.reset();
      for (const { name: listener, connections } of listeners.map(tallyOf)) {
        this.inc({ listener }, connections.lifetime.refused);
      }
    },
  });

  new Gauge({
    name: 'lifecycle_state',
    help: '1 for the state that the process is in, 0 for the others.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of STATES) this.set({ state }, state === lifecycle.state ? 1 : 0);
    },
  });

  new Gauge({
    name: 'shutdown_phase_duration_seconds',
    help: 'How long a phase of the shutdown has taken, up to now.',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, state] of Object.entries(PHASES)) {
        this.set({ phase }, lifecycle.durationMs(state) / 1000);
      }
    },
  });

  new Gauge({
    name: 'shutdown_loop_late_seconds',
    help: 'How late the event loop was at most in a phase of the shutdown: time that the process did not have.',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, state] of Object.entries(PHASES)) {
        this.set({ phase }, lifecycle.lateMs(state) / 1000);
      }
    },
  });

  new Gauge({
    name: 'shutdown_deadline_seconds',
    help: 'From the first signal to the deadline of the whole shutdown, whose phases have to fit in; +Inf: none.',
    registers,
  }).set(lifecycle.deadlineMs / 1000);

  new Counter({
    name: 'shutdown_requests_total',
    help: 'Requests that ended after the signal: served in the window, drained after it, aborted by the client, cut, broken by us.',
    labelNames: ['listener', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const { name: listener, requests } of listeners.map(tallyOf)) {
        for (const outcome of REQUEST_OUTCOMES) this.inc({ listener, outcome }, requests[outcome]);
      }
    },
  });

  new Counter({
    name: 'shutdown_connections_total',
    help: 'Connections that ended after the signal: closed after an answer that said so, idle, upgraded, cut, broken by us, refused, left by the client.',
    labelNames: ['listener', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const { name: listener, connections } of listeners.map(tallyOf)) {
        for (const outcome of CONNECTION_OUTCOMES) this.inc({ listener, outcome }, connections[outcome]);
      }
    },
  });

  const hooks = new Counter({
    name: 'shutdown_hooks_total',
    help: 'Cleanup hooks by result.',
    labelNames: ['hook', 'result'],
    registers,
    collect() {
      for (const hook of hookNames()) {
        for (const result of ['ok', 'error', 'timeout']) this.inc({ hook, result }, 0);
      }
    },
  });
  lifecycle.on('hook', ({ name: hook, result }) => hooks.inc({ hook, result }));

  const signals = new Counter({
    name: 'shutdown_signals_total',
    help: 'Signals that asked the process to leave, repeated ones included.',
    labelNames: ['signal'],
    registers,
  });
  for (const signal of ['SIGTERM', 'SIGINT']) signals.inc({ signal }, 0);
  lifecycle.on('signal', ({ signal }) => signals.inc({ signal }));

  new Gauge({
    name: 'health_check_up',
    help: '1 if the last run of the check was good, else 0.',
    labelNames: ['check'],
    registers,
    collect() {
      for (const { name: check, up } of health.status()) this.set({ check }, up === true ? 1 : 0);
    },
  });

  new Gauge({
    name: 'health_check_duration_seconds',
    help: 'How long the last run of the check took.',
    labelNames: ['check'],
    registers,
    collect() {
      for (const { name: check, durationMs = 0 } of health.status()) this.set({ check }, durationMs / 1000);
    },
  });

  new Counter({
    name: 'log_lines_dropped_total',
    help: 'Lines of the log that were dropped because nobody read it.',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  });

  // Writing OpenMetrics takes `_total` off the names of prom-client's counters for good, and the classic format
  // wants it. Both read the names before their first await, so that two scrapes at once don't disturb each other.
  const names = new Map<{ name: string }, string>();
  const classic = new Registry();
  /** Of the metrics that are new: the application makes some of its own. */
  function rememberNames(): void {
    for (const metric of registry.getMetricsAsArray()) {
      if (names.has(metric)) continue;
      names.set(metric, metric.name);
      classic.registerMetric(metric as unknown as Metric);
    }
  }

  return {
    counter: (name, help, labelNames) => new Counter({ name, help, labelNames, registers }),
    histogram: (name, help, labelNames) =>
      new Histogram({ name, help, labelNames, buckets: DURATION_BUCKETS, registers }),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    expose: async (accept) => {
      rememberNames();
      for (const [metric, name] of names) metric.name = name;
      const format = wantsOpenMetrics(accept) ? registry : classic;
      return { contentType: format.contentType, body: await format.metrics() };
    },
    observeRequest({ req, res, startedAt }, route) {
      // Of a request that ended without an answer there is no status; Prometheus takes '' as no label.
      const status = res?.headersSent ? String(res.statusCode) : '';
      duration.observe({
        labels: labelsOf(req.method ?? '', route, status),
        value: (performance.now() - startedAt) / 1000,
        // An exemplar is there to be followed: a trace that nobody recorded leads nowhere.
        exemplarLabels: req.traceId !== undefined && req.traceSampled ? { trace_id: req.traceId } : {},
      });
    },
  };
}

function tallyOf(listener: Drainable) {
  return { name: listener.name, ...listener.tally() };
}
