import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { stringify } from 'yaml';
import { readPaths } from '../../scripts/paths.ts';
import { testWith } from '../support/programs.ts';
import { promtool, type RuleFile, TARGET } from '../support/prometheus.ts';
import { renderedRules } from '../support/rules.ts';

jest.setTimeout(60_000); // the first to need helm fetches it

const testWherePossible = testWith('promtool');

/** One of those that are long by design, as the service says. */
const SLOW_ROUTE = readPaths().slowRoutes.split('|')[0] ?? '';

const OWN = `namespace="${TARGET.namespace}",job="${TARGET.job}"`;
const POD = `${OWN},pod="${TARGET.pod}"`;
const ALL_UP = { [`up{${POD}}`]: '1x600' };

let rules: RuleFile;
beforeAll(async () => {
  rules = await renderedRules();
});

interface Scenario {
  /** Series and their values, one a minute, in promtool's notation. */
  series: Record<string, string>;
  /** When to look. */
  at: string;
  /** How often the rules are evaluated; hours are looked at in larger steps. */
  every?: string;
}

/** Has promtool compare the result of `expr`, label sets and values, with what is expected. */
function expectResult(
  { series, at, every = '1m' }: Scenario,
  expr: string,
  expected: [labels: string, value: number][],
) {
  const scenario = {
    rule_files: ['rules.yaml'],
    evaluation_interval: every,
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          { expr, eval_time: at, exp_samples: expected.map(([labels, value]) => ({ labels, value })) },
        ],
      },
    ],
  };
  const files = { 'rules.yaml': stringify(rules), 'test.yaml': stringify(scenario) };
  const { code, said } = promtool(['test', 'rules', 'test.yaml'], { files });
  expect(code === 0 ? '' : said).toBe('');
}

const counted = (status: number) =>
  `http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="${status}",${POD}}`;

/** Requests of which so many percent fail, for so many minutes from the start. */
function failing(percent: number, minutes = 300): Record<string, string> {
  return {
    ...ALL_UP,
    [counted(200)]: `0+${100_000 - percent * 1000}x${minutes}`,
    [counted(500)]: `0+${percent * 1000}x${minutes}`,
  };
}

/** Requests of which so many percent take longer than the threshold. */
function late(percent: number, route = '/'): Record<string, string> {
  const labels = `http_request_method="GET",http_route="${route}",http_response_status_code="200",${POD}`;
  return {
    ...ALL_UP,
    [`http_server_request_duration_seconds_bucket{le="0.25",${labels}}`]: `0+${100_000 - percent * 1000}x300`,
    [`http_server_request_duration_seconds_count{${labels}}`]: '0+100000x300',
  };
}

const cut = `shutdown_requests_total{listener="http",outcome="cut",${POD}}`;
const broken = `shutdown_requests_total{listener="http",outcome="broken",${POD}}`;
const refused = `http_server_refused_connections_total{listener="http",${POD}}`;
const dropped = `log_lines_dropped_total{${POD}}`;
const served = `shutdown_requests_total{listener="http",outcome="served",${POD}}`;
const phase = (name: string) => `shutdown_phase_duration_seconds{phase="${name}",${POD}}`;
const hook = (result: string) => `shutdown_hooks_total{hook="db",result="${result}",${POD}}`;
const lag = `nodejs_eventloop_lag_p99_seconds{${POD}}`;
const used = `nodejs_heap_size_used_bytes{${POD}}`;
const limit = `nodejs_heap_size_limit_bytes{${POD}}`;
const check = `health_check_up{check="db",${POD}}`;

/** Of each alert: what makes it fire, and what looks similar and must not. */
const SCENARIOS: [
  alert: string,
  selector: string,
  fires: [string, Scenario][],
  quiet: [string, Scenario][],
][] = [
  ...(
    [
      ['1h', 2, 1],
      ['6h', 0.7, 0.5],
      ['1d', 0.4, 0.2],
      ['3d', 0.15, 0.05],
    ] as const
  ).flatMap(([window, much, less]): typeof SCENARIOS => {
    const after4Hours = (series: Record<string, string>) => ({ series, at: '4h', every: '5m' });
    const selector = `window="${window}"`;
    const errors = `of errors over ${window}`;
    const slow = `late over ${window}`;
    return [
      [
        'ErrorBudgetBurn',
        selector,
        [[`${much} % ${errors}`, after4Hours(failing(much))]],
        [[`${less} % ${errors}`, after4Hours(failing(less))]],
      ],
      [
        'LatencyBudgetBurn',
        selector,
        [[`${much * 10} % ${slow}`, after4Hours(late(much * 10))]],
        [[`${less * 10} % ${slow}`, after4Hours(late(less * 10))]],
      ],
    ];
  }),
  [
    'ErrorBudgetBurn',
    'window="1h"',
    [],
    [['errors of hours ago, before the traffic stopped', { series: failing(5, 60), at: '4h', every: '5m' }]],
  ],
  [
    'LatencyBudgetBurn',
    'window="1h"',
    [],
    [['event streams', { series: late(100, SLOW_ROUTE), at: '2h', every: '5m' }]],
  ],
  [
    'ShutdownCutRequests',
    '',
    [
      ['a request cut by a pod that is gone since', { series: { [cut]: '0x5 1 stale' }, at: '10m' }],
      ['a request that the service broke', { series: { [cut]: '0x6', [broken]: '0x5 1 stale' }, at: '10m' }],
    ],
    [
      ['nothing broken', { series: { [broken]: '0x10', [served]: '0x5 90x5' }, at: '10m' }],
      ['requests served in the window', { series: { [cut]: '0x10', [served]: '0x5 90x5' }, at: '10m' }],
      ['a cut that is long past', { series: { [cut]: '0x5 1 stale' }, at: '30m' }],
    ],
  ],
  [
    'ShutdownNearDeadline',
    '',
    [
      [
        'a shutdown of 30 of 35 s',
        {
          series: {
            [phase('window')]: '0x5 10x2 stale',
            [phase('drain')]: '0x5 5 20 stale',
            [`shutdown_deadline_seconds{${POD}}`]: '35x7 stale',
          },
          at: '10m',
        },
      ],
    ],
    [
      [
        'a shutdown of 25 of 35 s',
        {
          series: {
            [phase('window')]: '0x5 10x2 stale',
            [phase('drain')]: '0x5 5 15 stale',
            [`shutdown_deadline_seconds{${POD}}`]: '35x7 stale',
          },
          at: '10m',
        },
      ],
      [
        'a shutdown that has all the time it wants',
        {
          series: {
            [phase('drain')]: '0 0 900 stale',
            [`shutdown_deadline_seconds{${POD}}`]: 'Inf Inf Inf stale',
          },
          at: '10m',
        },
      ],
    ],
  ],
  [
    'ShutdownHookFailed',
    '',
    [
      ['a hook that throws', { series: { [hook('error')]: '0x5 1 stale' }, at: '10m' }],
      ['a hook that hangs', { series: { [hook('timeout')]: '0x5 1 stale' }, at: '10m' }],
    ],
    [['a hook that is done', { series: { [hook('ok')]: '0x5 1', [hook('error')]: '0x6' }, at: '10m' }]],
  ],
  [
    'EventLoopDelayed',
    '',
    [['a p99 of 200 ms for 15 minutes', { series: { [lag]: '0.2x20' }, at: '15m' }]],
    [
      ['a p99 of 200 ms for 8 minutes', { series: { [lag]: '0.2x8 0.02x20' }, at: '15m' }],
      ['a p99 of 90 ms', { series: { [lag]: '0.09x20' }, at: '15m' }],
    ],
  ],
  [
    'ConnectionsRefused',
    '',
    [
      ['one connection', { series: { [refused]: '0x5 1x5' }, at: '10m' }],
      ['a burst of a minute', { series: { [refused]: '0x5 5000x10' }, at: '10m' }],
    ],
    [
      ['none', { series: { [refused]: '0x20' }, at: '10m' }],
      ['some that are long past', { series: { [refused]: '0x5 5000x40' }, at: '30m' }],
    ],
  ],
  [
    'LogLinesDropped',
    '',
    [
      ['one line', { series: { [dropped]: '0x5 1x5' }, at: '10m' }],
      ['a reader that is gone', { series: { [dropped]: '0x5 0+100x10' }, at: '15m' }],
    ],
    [
      ['none', { series: { [dropped]: '0x20' }, at: '10m' }],
      ['some that are long past', { series: { [dropped]: '0x5 2017x40' }, at: '30m' }],
    ],
  ],
  [
    'HeapNearLimit',
    '',
    [['95 of 100 MB for 10 minutes', { series: { [used]: '95x20', [limit]: '100x20' }, at: '10m' }]],
    [['85 of 100 MB', { series: { [used]: '85x20', [limit]: '100x20' }, at: '10m' }]],
  ],
  [
    'HealthCheckDown',
    '',
    [['a check that is down for 5 minutes', { series: { [check]: '1x5 0x10' }, at: '10m' }]],
    [['a check that was down for a minute', { series: { [check]: '1x5 0 1x10' }, at: '10m' }]],
  ],
  [
    'NotScraped',
    '',
    [
      ['pods that nobody has found', { series: {}, at: '15m' }],
      ['pods that all refuse', { series: { [`up{${POD}}`]: '0x20' }, at: '15m' }],
    ],
    [
      [
        'one pod that refuses beside one that answers',
        { series: { [`up{${POD}}`]: '0x20', [`up{${OWN},pod="rel-2"}`]: '1x20' }, at: '15m' },
      ],
      ['a restart', { series: { [`up{${POD}}`]: '1x5 0x3 1x10' }, at: '15m' }],
    ],
  ],
];

const alerts = (name: string, selector: string) =>
  `count by (alertname, job) (ALERTS{alertstate="firing",alertname="${name}"${selector && `,${selector}`}})`;

const [FIRES, QUIET] = [2, 3].map((at) =>
  SCENARIOS.flatMap((entry) =>
    (entry[at] as [string, Scenario][]).map(([what, scenario]) => ({
      alert: entry[0],
      selector: entry[1],
      what,
      scenario,
    })),
  ),
);

describe('the rendered rules', () => {
  testWherePossible.each([
    ['the default objectives', {}],
    [
      'others',
      { availability: 99.95, latency: 90, latencySeconds: 1, slowRoutes: '', runbook: 'https://x/y' },
    ],
  ])('with %s are what Prometheus takes', async (_name, values) => {
    const files = { 'rules.yaml': stringify(await renderedRules(values)) };
    const { code, said } = promtool(['check', 'rules', '--lint-fatal', 'rules.yaml'], { files });
    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('SUCCESS') });
  });

  testWherePossible.each(FIRES ?? [])('$alert fires for $what', ({ alert, selector, scenario }) => {
    expectResult(scenario, alerts(alert, selector), [[`{alertname="${alert}",job="${TARGET.job}"}`, 1]]);
  });

  testWherePossible.each(QUIET ?? [])('$alert is quiet for $what', ({ alert, selector, scenario }) => {
    expectResult(scenario, alerts(alert, selector), []);
  });

  testWherePossible('the burning is over soon after the errors', () => {
    const series = { ...failing(2, 240), [counted(500)]: '0+2000x60 120000x180' };
    const isFiring = alerts('ErrorBudgetBurn', 'window="1h"');
    const labels = `{alertname="ErrorBudgetBurn",job="${TARGET.job}"}`;
    expectResult({ series, at: '1h' }, isFiring, [[labels, 1]]);
    expectResult({ series, at: '1h10m' }, isFiring, []);
  });

  testWherePossible.each(['errors', 'slow'])('the ratio of %s is 0, not empty, before the first', (kind) => {
    const ratio = `namespace_job:http_server_request_${kind}:ratio_rate5m`;
    const zero: [string, number][] = [[`${ratio}{${OWN}}`, 0]];
    const good = Object.entries({ ...failing(0), ...late(0) }).filter(([name]) => !name.includes('"500"'));
    expectResult({ series: Object.fromEntries(good), at: '10m' }, ratio, zero);
    expectResult({ series: ALL_UP, at: '10m' }, ratio, zero);
    expectResult({ series: failing(5, 5), at: '30m' }, ratio, zero);
  });

  test('of a release that is older than their values are those of the defaults: helm upgrade --reuse-values', async () => {
    const missing = {
      availability: null,
      latency: null,
      latencySeconds: null,
      slowRoutes: null,
      runbook: null,
    };
    expect(await renderedRules(missing)).toEqual(rules);
    expect(JSON.stringify(await renderedRules({ slowRoutes: '' }))).toContain(String.raw`http_route!~\"\"`);
  });

  test('no alert is without a test that makes it fire and one that keeps it quiet', () => {
    const known = (list = FIRES) => new Set(list?.map(({ alert, selector }) => `${alert} ${selector}`));
    const all = rules.groups
      .flatMap((group) => group.rules)
      .flatMap(({ alert, labels }) =>
        alert === undefined
          ? []
          : [`${alert} ${labels?.['window'] === undefined ? '' : `window="${labels['window']}"`}`],
      );
    expect(known()).toEqual(new Set(all));
    expect(known(QUIET)).toEqual(new Set(all));
  });

  test('the thresholds of the latency that the chart allows are the bounds of the buckets', () => {
    const sources = readdirSync('src', { encoding: 'utf8', recursive: true });
    const file = sources.find((path) => path.endsWith(join('telemetry', 'metric-factory.ts'))) ?? '';
    const bounds = /DURATION_BUCKETS = (\[.*\])/.exec(readFileSync(join('src', file), 'utf8'))?.[1];
    const schema = readFileSync('helm/values.schema.json', 'utf8');
    expect(schema).toContain(`"enum": ${bounds}`);
  });
});

describe('the runbook', () => {
  /** The anchors that the headings of a Markdown page have. */
  const anchors = (page: string) =>
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );

  test('has a section for every alert, to which its runbook_url leads, and none for others', async () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    const own = await renderedRules({ runbook: 'https://wiki.example.com/runbook.md' });
    const all = own.groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);
    for (const { alert, annotations } of all) {
      const [page, anchor] = annotations?.['runbook_url']?.split('#') ?? [];
      expect(page).toBe('https://wiki.example.com/runbook.md');
      expect({ alert, anchor: anchors(runbook).includes(anchor ?? '') }).toEqual({ alert, anchor: true });
      expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
    }
    const sections = [...runbook.matchAll(/^## ([A-Z]\w+)$/gm)].map(([, name]) => name);
    expect(new Set(sections)).toEqual(new Set(all.map(({ alert }) => alert)));
  });
});
