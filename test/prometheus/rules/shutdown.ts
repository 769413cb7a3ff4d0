import { type AlertScenarios, OWN, POD } from '../../support/rule-scenarios.ts';
import { CHART_NAME } from '../../support/names.ts';
import { TARGET } from '../../support/prometheus.ts';

const requests = (outcome: string) => `shutdown_requests_total{listener="http",outcome="${outcome}",${POD}}`;
const [cut, broken, served] = [requests('cut'), requests('broken'), requests('served')];
const phase = (name: string) => `shutdown_phase_duration_seconds{phase="${name}",${POD}}`;
const deadline = `shutdown_deadline_seconds{${POD}}`;
const scrapeLimit = `shutdown_phase_limit_seconds{phase="final_scrape",${POD}}`;
const hook = (result: string) => `shutdown_hooks_total{hook="db",result="${result}",${POD}}`;
const state = (name: string) => `lifecycle_state{state="${name}",${POD}}`;
/** As kube-state-metrics has it; in its own job, if Prometheus keeps the labels of the pod. */
const ofKube = (name: string, pod = `${TARGET.job}-5d8f7c9b6-x2x9z`, container = CHART_NAME) =>
  `kube_pod_container_status_${name}{namespace="${TARGET.namespace}",pod="${pod}",container="${container}",job="ksm"}`;
const [exitCode, restarts] = [ofKube('last_terminated_exitcode'), ofKube('restarts_total')];

/** Six minutes ready, then leaving; gone after the last of the values. */
const leaving = (states: Record<string, string>, limit = 15) => ({
  [state('ready')]: '1x5 0 0 stale',
  ...Object.fromEntries(Object.entries(states).map(([name, values]) => [state(name), values])),
  [scrapeLimit]: `${limit}x7 stale`,
});

export const SCENARIOS: AlertScenarios[] = [
  {
    alert: 'ShutdownCutRequests',
    fires: {
      'a request cut by a pod that is gone since': { series: { [cut]: '0x5 1 stale' }, at: '10m' },
      'a request that the service broke': { series: { [cut]: '0x6', [broken]: '0x5 1 stale' }, at: '10m' },
    },
    quiet: {
      'nothing broken': { series: { [broken]: '0x10', [served]: '0x5 90x5' }, at: '10m' },
      'requests served in the window': { series: { [cut]: '0x10', [served]: '0x5 90x5' }, at: '10m' },
      'a cut that is long past': { series: { [cut]: '0x5 1 stale' }, at: '30m' },
    },
  },
  {
    alert: 'ShutdownNearDeadline',
    fires: {
      'a shutdown of 22 of the 25 s that it has beside the scrape': {
        series: {
          [phase('window')]: '0x5 10x2 stale',
          [phase('drain')]: '0x5 5 12 stale',
          [phase('final_scrape')]: '0x7 stale',
          [deadline]: '40x7 stale',
          [scrapeLimit]: '15x7 stale',
        },
        at: '10m',
      },
    },
    quiet: {
      'one of 18 s': {
        series: {
          [phase('window')]: '0x5 10x2 stale',
          [phase('drain')]: '0x5 5 8 stale',
          [deadline]: '40x7 stale',
          [scrapeLimit]: '15x7 stale',
        },
        at: '10m',
      },
      'one that has waited for Prometheus': {
        series: {
          [phase('window')]: '0x5 10x2 stale',
          [phase('final_scrape')]: '0x6 15 stale',
          [deadline]: '40x7 stale',
          [scrapeLimit]: '15x7 stale',
        },
        at: '10m',
      },
      'a shutdown that has all the time it wants': {
        series: {
          [phase('drain')]: '0 0 900 stale',
          [deadline]: 'Inf Inf Inf stale',
          [scrapeLimit]: '15 15 15 stale',
        },
        at: '10m',
      },
    },
  },
  {
    alert: 'ShutdownHookFailed',
    fires: {
      'a hook that throws': { series: { [hook('error')]: '0x5 1 stale' }, at: '10m' },
      'a hook that hangs': { series: { [hook('timeout')]: '0x5 1 stale' }, at: '10m' },
    },
    quiet: {
      'a hook that is done': { series: { [hook('ok')]: '0x5 1', [hook('error')]: '0x6' }, at: '10m' },
    },
  },
  {
    alert: 'ShutdownUnfinished',
    fires: {
      'a pod that vanished while it was draining': {
        series: leaving({
          'lame-duck': '0x5 1 0 stale',
          draining: '0x6 1 stale',
          'final-scrape': '0x7 stale',
        }),
        at: '12m',
      },
    },
    quiet: {
      'a pod whose last state was seen': {
        series: leaving({ 'lame-duck': '0x5 1 0 stale', 'final-scrape': '0x6 1 stale' }),
        at: '12m',
      },
      'a pod that is still draining': {
        series: { ...leaving({ draining: '0x5 1x20', 'final-scrape': '0x20' }), [scrapeLimit]: '15x20' },
        at: '12m',
      },
      'a pod that does not wait for a scrape': {
        series: leaving({ draining: '0x6 1 stale', 'final-scrape': '0x7 stale' }, 0),
        at: '12m',
      },
      'a pod that vanished without a shutdown': {
        series: leaving({ 'lame-duck': '0x7 stale', 'final-scrape': '0x7 stale' }),
        at: '12m',
      },
    },
  },
  {
    alert: 'ContainerBadExit',
    fires: {
      'a container that was killed and started again': {
        series: { [exitCode]: '_x5 137x20', [restarts]: '0x5 1x20' },
        at: '10m',
      },
    },
    quiet: {
      'one that ended well': { series: { [exitCode]: '_x5 0x20', [restarts]: '0x5 1x20' }, at: '10m' },
      'an exit code of hours ago': { series: { [exitCode]: '137x200', [restarts]: '1x200' }, at: '3h' },
      'another container of the pod': {
        series: {
          [ofKube('last_terminated_exitcode', undefined, 'sidecar')]: '_x5 1x20',
          [ofKube('restarts_total', undefined, 'sidecar')]: '0x5 1x20',
        },
        at: '10m',
      },
      'a release whose name begins in the same way': {
        series: {
          [ofKube('last_terminated_exitcode', `${TARGET.job}-b-5d8f7c9b6-x2x9z`)]: '_x5 1x20',
          [ofKube('restarts_total', `${TARGET.job}-b-5d8f7c9b6-x2x9z`)]: '0x5 1x20',
        },
        at: '10m',
      },
      'a cluster without kube-state-metrics': { series: { [`up{${OWN}}`]: '1x20' }, at: '10m' },
    },
  },
];
