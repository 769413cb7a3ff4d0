import { readPaths } from '../../../scripts/paths.ts';
import { ALL_UP, type AlertScenarios, counted, failing, POD } from '../../support/rule-scenarios.ts';

/** One of those that are long by design, as the service says. */
const SLOW_ROUTE = readPaths().slowRoutes.split('|')[0] ?? '';

/** Requests of which so many percent take longer than the threshold. */
export function late(percent: number, { route = '/', perMinute = 100_000 } = {}): Record<string, string> {
  const bucket = counted(200, route).replace('_count{', '_bucket{le="0.25",');
  return {
    ...ALL_UP,
    [bucket]: `0+${perMinute - (percent / 100) * perMinute}x300`,
    [counted(200, route)]: `0+${perMinute}x300`,
  };
}

/** Refused because the event loop was late, which the duration counts as well. */
const shed = (perMinute: number) => ({
  [counted(503, 'unmatched')]: `0+${perMinute}x300`,
  [counted(503, 'unmatched').replace('_count{', '_bucket{le="0.25",')]: `0+${perMinute}x300`,
  [`http_server_shed_requests_total{${POD}}`]: `0+${perMinute}x300`,
});

const after4Hours = (series: Record<string, string>) => ({ series, at: '4h', every: '5m' });

/** By window, in percent: what is too much for it, what is not, and requests a minute that are just too few. */
const WINDOWS = [
  ['1h', 2, 1, 16],
  ['6h', 0.7, 0.5, 4],
  ['1d', 0.4, 0.2, 4],
  ['3d', 0.15, 0.05, 4],
] as const;

export const SCENARIOS: AlertScenarios[] = [
  ...WINDOWS.flatMap(([window, much, less, few]): AlertScenarios[] => [
    {
      alert: 'ErrorBudgetBurn',
      window,
      fires: { [`${much} % of errors over ${window}`]: after4Hours(failing(much)) },
      quiet: {
        [`${less} % of errors over ${window}`]: after4Hours(failing(less)),
        [`many errors of ${few} requests a minute over ${window}`]: after4Hours(failing(50, 300, few)),
      },
    },
    {
      alert: 'LatencyBudgetBurn',
      window,
      fires: { [`${much * 10} % late over ${window}`]: after4Hours(late(much * 10)) },
      quiet: {
        [`${less * 10} % late over ${window}`]: after4Hours(late(less * 10)),
        [`half of ${few} requests a minute late over ${window}`]: after4Hours(late(50, { perMinute: few })),
      },
    },
  ]),
  {
    alert: 'ErrorBudgetBurn',
    window: '1h',
    fires: {
      'as many requests as it takes': { series: failing(2, 300, 17), at: '2h', every: '5m' },
      'errors beside requests that were shed': after4Hours({ ...failing(2), ...shed(50_000) }),
    },
    quiet: {
      'errors of hours ago, before the traffic stopped': { series: failing(5, 60), at: '4h', every: '5m' },
      'one error of 31 requests': {
        series: { ...ALL_UP, [counted(200)]: '0x5 30x90', [counted(500)]: '0x5 1x90' },
        at: '8m',
      },
      'requests that were shed': after4Hours({ ...failing(0.5), ...shed(50_000) }),
    },
  },
  {
    alert: 'LatencyBudgetBurn',
    window: '1h',
    fires: { 'late ones beside many that were shed': after4Hours({ ...late(20), ...shed(100_000) }) },
    quiet: { 'event streams': { series: late(100, { route: SLOW_ROUTE }), at: '2h', every: '5m' } },
  },
];
