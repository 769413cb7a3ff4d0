import { type AlertScenarios, POD } from '../../support/rule-scenarios.ts';

/** Requests to a target a minute, by how they end. */
const to = (target: string, perMinute: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(perMinute).map(([outcome, count]) => [
      `gateway_requests_total{target="${target}",outcome="${outcome}",${POD}}`,
      `0+${count}x30`,
    ]),
  );

export const SCENARIOS: AlertScenarios[] = [
  {
    alert: 'GatewayTargetFails',
    fires: {
      'a target that nobody reaches': { series: to('/a=http://a', { ok: 0, unreachable: 60 }), at: '20m' },
      'a tenth that takes too long': { series: to('/a=http://a', { ok: 90, timeout: 10 }), at: '20m' },
      'a tenth that breaks off': { series: to('/a=http://a', { ok: 90, broken: 10 }), at: '20m' },
      'one target of two': {
        series: { ...to('/a=http://a', { ok: 10_000 }), ...to('/b=http://b', { ok: 1, timeout: 9 }) },
        at: '20m',
      },
    },
    quiet: {
      'one in a hundred': { series: to('/a=http://a', { ok: 990, timeout: 10 }), at: '20m' },
      'clients that leave': { series: to('/a=http://a', { ok: 10, aborted: 90 }), at: '20m' },
      'nine requests in a quarter of an hour': {
        series: to('/a=http://a', { ok: 0, unreachable: 0.5 }),
        at: '20m',
      },
      'a target without traffic': { series: to('/a=http://a', { ok: 0, unreachable: 0 }), at: '20m' },
    },
  },
];
