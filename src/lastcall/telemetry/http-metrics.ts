import { Counter, Gauge, Histogram } from 'prom-client';
import type { Drainable } from '../lifecycle/drainable.ts';
import { type ConnectionRefusal, REFUSAL_STATUSES } from '../listener/refusal.ts';
import type { TrackedRequest } from '../listener/request.ts';
import { type HttpLabels, httpLabels } from './http-labels.ts';
import { DURATION_BUCKETS, type MetricRegistry } from './metric-factory.ts';

/** Counts a request that has ended, with the template of its route. */
export type ObserveRequest = (request: TrackedRequest, route: string) => void;

/** How long requests take. */
export function requestMetric(registry: MetricRegistry): ObserveRequest {
  // The types of prom-client know the labels of exemplars as labels of the metric.
  const duration = new Histogram<keyof HttpLabels | 'trace_id'>({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: DURATION_BUCKETS,
    enableExemplars: true,
    registers: [registry],
  });
  const labelsOf = httpLabels();
  return ({ req, res, startedAt }, route) => {
    // Of a request that ended without an answer there is no status; Prometheus takes '' as no label.
    const status = res?.headersSent ? String(res.statusCode) : '';
    const labels = labelsOf(req.method ?? '', route, status);
    const value = (performance.now() - startedAt) / 1000;
    // An exemplar is there to be followed: a trace that nobody recorded leads nowhere.
    if (req.traceId !== undefined && req.traceSampled) {
      duration.observe({ labels, value, exemplarLabels: { trace_id: req.traceId } });
    } else {
      duration.observe({ labels, value });
    }
  };
}

const SHED = 'http_server_shed_requests_total';
const SHED_REASONS = ['event_loop', 'concurrency', 'client'] as const;

/** The event loop was late, too many requests were in flight, or too many of one client. */
export type ShedReason = (typeof SHED_REASONS)[number];

/** Requests that were refused for the sake of the others: one counter of a registry, with 0 from the start. */
export function shedMetric(registry: MetricRegistry): Counter<'reason'> {
  const known = registry.getSingleMetric(SHED) as Counter<'reason'> | undefined;
  if (known !== undefined) return known;
  const counter = new Counter({
    name: SHED,
    help: 'Requests refused for the sake of the others.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  for (const reason of SHED_REASONS) counter.inc({ reason }, 0);
  return counter;
}

/** What is open now, and what had to be ended. Read from the tallies of the listeners, which may still become more. */
export function listenerMetrics(registry: MetricRegistry, listeners: Drainable[]): void {
  const common = { labelNames: ['listener'], registers: [registry] };
  new Gauge({
    name: 'http_server_active_requests',
    help: 'Requests in flight.',
    ...common,
    collect() {
      for (const listener of listeners) {
        this.set({ listener: listener.name }, listener.tally().requests.lifetime.inFlight);
      }
    },
  });
  new Gauge({
    name: 'http_server_connections',
    help: 'Open connections.',
    ...common,
    collect() {
      for (const listener of listeners) {
        this.set({ listener: listener.name }, listener.tally().connections.lifetime.open);
      }
    },
  });
  new Counter({
    name: 'http_server_stalled_connections_total',
    help: 'Connections ended because their client took nothing of what was sent for SEND_TIMEOUT.',
    ...common,
    collect() {
      this.reset();
      for (const listener of listeners) {
        this.inc({ listener: listener.name }, listener.tally().connections.lifetime.stalled);
      }
    },
  });
}

const CONNECTION_REFUSALS: ConnectionRefusal[] = ['descriptors', 'limit', 'handshake'];

/** Counts what one listener refuses before it is a request. */
export interface CountRefusals {
  connection: (reason: ConnectionRefusal) => void;
  /** With the status of the answer. */
  request: (status: number) => void;
}

/** What listeners refuse, of each with 0 from the start. */
export function refusalMetrics(registry: MetricRegistry): (listener: string) => CountRefusals {
  const connections = new Counter({
    name: 'http_server_refused_connections_total',
    help: 'Connections closed as soon as they were accepted, because descriptors were about to run out or MAX_CONNECTIONS were open; and those whose TLS handshake has failed.',
    labelNames: ['listener', 'reason'],
    registers: [registry],
  });
  const requests = new Counter({
    name: 'http_server_refused_requests_total',
    help: 'What was answered with an error before it was a request: no HTTP, too large, too slow, CONNECT, an impossible upgrade.',
    labelNames: ['listener', 'http_response_status_code'],
    registers: [registry],
  });
  return (listener) => {
    for (const reason of CONNECTION_REFUSALS) connections.inc({ listener, reason }, 0);
    for (const status of REFUSAL_STATUSES) requests.inc({ listener, http_response_status_code: status }, 0);
    return {
      connection: (reason) => connections.inc({ listener, reason }),
      request: (status) => requests.inc({ listener, http_response_status_code: status }),
    };
  };
}
