import { type AlertScenarios, OWN, POD } from '../../support/rule-scenarios.ts';
import { CHART_NAME } from '../../support/names.ts';
import { TARGET } from '../../support/prometheus.ts';

const refusedFor = (reason: string) =>
  `http_server_refused_connections_total{listener="http",reason="${reason}",${POD}}`;
const refused = refusedFor('descriptors');
const dropped = `log_lines_dropped_total{${POD}}`;
const lag = `nodejs_eventloop_lag_p99_seconds{${POD}}`;
const used = `nodejs_heap_size_used_bytes{${POD}}`;
const limit = `nodejs_heap_size_limit_bytes{${POD}}`;
const resident = `process_resident_memory_bytes{${POD}}`;
const container = `process_memory_limit_bytes{${POD}}`;
const files = `process_open_fds{${POD}}`;
const most = `process_max_fds{${POD}}`;
const shed = `http_server_shed_requests_total{${POD},reason="event_loop"}`;
const shedOfClient = `http_server_shed_requests_total{${POD},reason="client"}`;
const startedAt = `process_start_time_seconds{${POD}}`;
const restarts = `kube_pod_container_status_restarts_total{namespace="${TARGET.namespace}",pod="${TARGET.job}-5d8f7c9b6-x2x9z",container="${CHART_NAME}",job="ksm"}`;
const check = `health_check_up{check="db",${POD}}`;

export const SCENARIOS: AlertScenarios[] = [
  {
    alert: 'EventLoopDelayed',
    fires: { 'a p99 of 200 ms for 15 minutes': { series: { [lag]: '0.2x20' }, at: '15m' } },
    quiet: {
      'a p99 of 200 ms for 8 minutes': { series: { [lag]: '0.2x8 0.02x20' }, at: '15m' },
      'a p99 of 90 ms': { series: { [lag]: '0.09x20' }, at: '15m' },
    },
  },
  {
    alert: 'ConnectionsRefused',
    fires: {
      'one connection': { series: { [refused]: '0x5 1x5' }, at: '10m' },
      'a burst of a minute': { series: { [refused]: '0x5 5000x10' }, at: '10m' },
      'one above MAX_CONNECTIONS': { series: { [refusedFor('limit')]: '0x5 1x5' }, at: '10m' },
    },
    quiet: {
      'a handshake that fails': { series: { [refusedFor('handshake')]: '0x5 5000x10' }, at: '10m' },
      none: { series: { [refused]: '0x20' }, at: '10m' },
      'some that are long past': { series: { [refused]: '0x5 5000x40' }, at: '30m' },
    },
  },
  {
    alert: 'LogLinesDropped',
    fires: {
      'one line': { series: { [dropped]: '0x5 1x5' }, at: '10m' },
      'a reader that is gone': { series: { [dropped]: '0x5 0+100x10' }, at: '15m' },
    },
    quiet: {
      none: { series: { [dropped]: '0x20' }, at: '10m' },
      'some that are long past': { series: { [dropped]: '0x5 2017x40' }, at: '30m' },
    },
  },
  {
    alert: 'HeapNearLimit',
    fires: { '95 of 100 MB for 10 minutes': { series: { [used]: '95x20', [limit]: '100x20' }, at: '10m' } },
    quiet: { '85 of 100 MB': { series: { [used]: '85x20', [limit]: '100x20' }, at: '10m' } },
  },
  {
    alert: 'MemoryNearLimit',
    fires: {
      '95 of 100 MB for 10 minutes': { series: { [resident]: '95x20', [container]: '100x20' }, at: '10m' },
    },
    quiet: {
      '85 of 100 MB': { series: { [resident]: '85x20', [container]: '100x20' }, at: '10m' },
      '95 of 100 MB for 3 minutes': {
        series: { [resident]: '85x5 95x3 85x20', [container]: '100x20' },
        at: '10m',
      },
      'a container without a limit': {
        series: { [resident]: '95x20', [container]: 'Inf '.repeat(20) },
        at: '10m',
      },
    },
  },
  {
    alert: 'DescriptorsNearLimit',
    fires: { '950 of 1000 for 10 minutes': { series: { [files]: '950x20', [most]: '1000x20' }, at: '10m' } },
    quiet: {
      '850 of 1000': { series: { [files]: '850x20', [most]: '1000x20' }, at: '10m' },
      '950 of 1000 for 3 minutes': {
        series: { [files]: '850x5 950x3 850x20', [most]: '1000x20' },
        at: '10m',
      },
    },
  },
  {
    alert: 'LoadShed',
    fires: { 'ten minutes of it': { series: { [shed]: '0x5 0+100x20' }, at: '15m' } },
    quiet: {
      'a moment of it': { series: { [shed]: '0x5 3x20' }, at: '10m' },
      'a service that sheds nothing': { series: { [shed]: '0x20' }, at: '15m' },
      'a client that is held back': { series: { [shed]: '0x20', [shedOfClient]: '0x5 0+100x20' }, at: '15m' },
    },
  },
  {
    alert: 'ContainerRestarts',
    fires: {
      'three starts in an hour': { series: { [startedAt]: '100x9 700x9 1300x9' }, at: '30m' },
      'starts that only kube-state-metrics has seen': { series: { [restarts]: '0x5 1x5 2x20' }, at: '30m' },
    },
    quiet: {
      'one restart': { series: { [startedAt]: '100x9 700x30', [restarts]: '0x9 1x30' }, at: '30m' },
      'two that are long past': { series: { [startedAt]: '100x5 400x5 700x120' }, at: '2h' },
      'a pod of its own for each start': {
        series: Object.fromEntries(
          [1, 2, 3].map((nth) => [`process_start_time_seconds{${OWN},pod="rel-${nth}"}`, `${nth}00x20`]),
        ),
        at: '20m',
      },
    },
  },
  {
    alert: 'HealthCheckDown',
    fires: { 'a check that is down for 5 minutes': { series: { [check]: '1x5 0x10' }, at: '10m' } },
    quiet: { 'a check that was down for a minute': { series: { [check]: '1x5 0 1x10' }, at: '10m' } },
  },
  {
    alert: 'NotScraped',
    fires: {
      'pods that nobody has found': { series: {}, at: '15m' },
      'pods that all refuse': { series: { [`up{${POD}}`]: '0x20' }, at: '15m' },
    },
    quiet: {
      'one pod that refuses beside one that answers': {
        series: { [`up{${POD}}`]: '0x20', [`up{${OWN},pod="rel-2"}`]: '1x20' },
        at: '15m',
      },
      'a restart': { series: { [`up{${POD}}`]: '1x5 0x3 1x10' }, at: '15m' },
    },
  },
];
