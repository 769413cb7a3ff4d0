import { stringify } from 'yaml';
import { promtool, type RuleFile, TARGET } from './prometheus.ts';

export interface Scenario {
  /** Series and their values, one a minute, in promtool's notation. */
  series: Record<string, string>;
  /** When to look. */
  at: string;
  /** How often the rules are evaluated; hours are looked at in larger steps. */
  every?: string;
}

/** Of an alert: what makes it fire, and what looks similar and must not. */
export interface AlertScenarios {
  alert: string;
  /** Of the label `window`, of an alert that has several. */
  window?: string;
  fires: Record<string, Scenario>;
  quiet: Record<string, Scenario>;
}

/** What a query has to come to in a scenario. */
export interface Expectation extends Scenario {
  expr: string;
  samples: [labels: string, value: number][];
}

/** The labels of the service and of its pod, in selectors and series. */
export const OWN = `namespace="${TARGET.namespace}",job="${TARGET.job}"`;
export const POD = `${OWN},pod="${TARGET.pod}"`;
export const ALL_UP = { [`up{${POD}}`]: '1x600' };

/** Requests so far, by the status of their answers. */
export const counted = (status: number, route = '/') =>
  `http_server_request_duration_seconds_count{http_request_method="GET",http_route="${route}",http_response_status_code="${status}",${POD}}`;

/** Requests of which so many percent fail, for so many minutes from the start. */
export function failing(percent: number, minutes = 300, perMinute = 100_000): Record<string, string> {
  const failed = (percent / 100) * perMinute;
  return {
    ...ALL_UP,
    [counted(200)]: `0+${perMinute - failed}x${minutes}`,
    [counted(500)]: `0+${failed}x${minutes}`,
  };
}

/**
 * Has promtool look at all of them, in as few runs as it can: each costs more than what is in it.
 *
 * @returns what it says of each, in the same order; `''` if it is as expected
 */
export function verdictsOf(rules: RuleFile, expectations: Expectation[]): string[] {
  const verdicts = expectations.map(() => '');
  const marked = expectations.map((expectation, nth) => ({ ...expectation, nth }));
  for (const every of new Set(marked.map(evaluated))) {
    const scenarios = {
      rule_files: ['rules.yaml'],
      evaluation_interval: every,
      tests: marked
        .filter((expectation) => evaluated(expectation) === every)
        .map(({ series, at, expr, samples, nth }) => ({
          interval: '1m',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          // The comment tells whose failure it is: older ones don't know the name of a test.
          promql_expr_test: [
            {
              expr: `${expr} # ${nth}`,
              eval_time: at,
              exp_samples: samples.map(([labels, value]) => ({ labels, value })),
            },
          ],
        })),
    };
    const files = { 'rules.yaml': stringify(rules), 'test.yaml': stringify(scenarios, { lineWidth: 0 }) };
    const { code, said } = promtool(['test', 'rules', 'test.yaml'], { files });
    const failures = [...said.matchAll(/expr: "[^\n]* # (\d+)", time: [^]*?(?=expr: "|$)/g)];
    if (code !== 0 && failures.length === 0) throw new Error(said);
    for (const [text, nth] of failures) verdicts[Number(nth)] += text;
  }
  return verdicts;
}

function evaluated({ every = '1m' }: Scenario): string {
  return every;
}
