import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { stringify } from 'yaml';
import { testWith } from '../support/programs.ts';
import { promtool, type RuleFile, TARGET } from '../support/prometheus.ts';
import {
  type AlertScenarios,
  ALL_UP,
  counted,
  type Expectation,
  failing,
  OWN,
  verdictsOf,
} from '../support/rule-scenarios.ts';
import { renderedRules } from '../support/rules.ts';
import { late } from './rules/budget.ts';

jest.setTimeout(60_000); // the first to need helm fetches it

const testWherePossible = testWith('promtool');

/** A file for each of those of the chart. */
const FOLDER = new URL('rules/', import.meta.url);
const SCENARIOS = (
  await Promise.all(
    readdirSync(FOLDER).map(
      async (file) => (await import(new URL(file, FOLDER).href)) as { SCENARIOS: AlertScenarios[] },
    ),
  )
).flatMap((part) => part.SCENARIOS);

let rules: RuleFile;
beforeAll(async () => {
  rules = await renderedRules();
});

const alerts = (name: string, window?: string) =>
  `count by (alertname, job) (ALERTS{alertstate="firing",alertname="${name}"${window === undefined ? '' : `,window="${window}"`}})`;
const firing = (alert: string): Expectation['samples'] => [[`{alertname="${alert}",job="${TARGET.job}"}`, 1]];

const [FIRES = [], QUIET = []] = (['fires', 'quiet'] as const).map((kind) =>
  SCENARIOS.flatMap(({ alert, window, [kind]: scenarios }) =>
    Object.entries(scenarios).map(([what, scenario]) => {
      const samples = kind === 'fires' ? firing(alert) : [];
      return { alert, window, what, expectation: { ...scenario, expr: alerts(alert, window), samples } };
    }),
  ),
);

const ratio = (kind: string, window: string) =>
  `namespace_job:http_server_request_${kind}:ratio_rate${window}`;

/** Of the ratios, and of the alerts after a while. */
const MORE: [what: string, expectation: Expectation][] = [
  ...['errors', 'slow'].flatMap((kind): [string, Expectation][] => {
    const expr = ratio(kind, '5m');
    const good = Object.entries({ ...failing(0), ...late(0) }).filter(([name]) => !name.includes('"500"'));
    const is0 = { expr, samples: [[`${expr}{${OWN}}`, 0]] as Expectation['samples'] };
    return [
      [`the ratio of ${kind} is 0 before the first`, { ...is0, series: Object.fromEntries(good), at: '10m' }],
      [`the ratio of ${kind} is 0 before the first request`, { ...is0, series: ALL_UP, at: '10m' }],
      [`the ratio of ${kind} is 0 without traffic`, { ...is0, series: failing(5, 5), at: '30m' }],
    ];
  }),
  [
    'a ratio weighs requests, not minutes',
    {
      // 10 % of 60,000 and none of 540,000, in half an hour each.
      series: { ...ALL_UP, [counted(200)]: '0+1800x30 0+18000x60', [counted(500)]: '0+200x30 6000x60' },
      at: '1h2m',
      expr: `round(1000 * ${ratio('errors', '1h')})`,
      samples: [[`{${OWN}}`, 10]],
    },
  ],
  [
    'a ratio is that of what was seen, if nobody has scraped for an hour',
    {
      series: Object.fromEntries(
        Object.entries(failing(4, 60)).map(([name, values]) => [
          name,
          name.startsWith('up') ? '1x60 _x60 1x60' : `${values} _x60 ${values}`,
        ]),
      ),
      at: '3h',
      every: '5m',
      expr: `round(1000 * ${ratio('errors', '6h')})`,
      samples: [[`{${OWN}}`, 40]],
    },
  ],
  [
    'the burning begins with the errors',
    {
      series: burning(),
      at: '1h',
      expr: alerts('ErrorBudgetBurn', '1h'),
      samples: firing('ErrorBudgetBurn'),
    },
  ],
  [
    'the burning is over soon after the errors',
    { series: burning(), at: '1h10m', expr: alerts('ErrorBudgetBurn', '1h'), samples: [] },
  ],
];

function burning(): Record<string, string> {
  return { ...failing(2, 240), [counted(500)]: '0+2000x60 120000x180' };
}

let verdicts: Map<Expectation, string>;
beforeAll(() => {
  if (testWherePossible !== test) return;
  const said = rules.groups.flatMap((group): [Expectation, string][] => {
    const own = ({ alert }: { alert?: string }) => group.rules.some((rule) => rule.alert === alert);
    const expectations = [...FIRES, ...QUIET].filter(own).map(({ expectation }) => expectation);
    if (own({ alert: 'ErrorBudgetBurn' })) expectations.push(...MORE.map(([, expectation]) => expectation));
    const results = verdictsOf({ groups: [group] }, expectations);
    return expectations.map((expectation, nth) => [expectation, results[nth] ?? 'nothing was said']);
  });
  verdicts = new Map(said);
});

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

  testWherePossible.each(FIRES)('$alert fires for $what', ({ expectation }) => {
    expect(verdicts.get(expectation)).toBe('');
  });

  testWherePossible.each(QUIET)('$alert is quiet for $what', ({ expectation }) => {
    expect(verdicts.get(expectation)).toBe('');
  });

  testWherePossible.each(MORE)('%s', (_what, expectation) => {
    expect(verdicts.get(expectation)).toBe('');
  });

  test('of a release that is older than their values are those of the defaults: helm upgrade --reuse-values', async () => {
    const missing = {
      availability: null,
      latency: null,
      latencySeconds: null,
      slowRoutes: null,
      minimumRequests: null,
      runbook: null,
      alertLabels: null,
      alerts: null,
    };
    expect(await renderedRules(missing)).toEqual(rules);
    expect(JSON.stringify(await renderedRules({ slowRoutes: '' }))).toContain(String.raw`http_route!~\"\"`);
  });

  test('no alert is without a test that makes it fire and one that keeps it quiet', () => {
    const names = (list: { alert?: string | undefined; window?: string | undefined }[]) =>
      new Set(
        list.filter(({ alert }) => alert !== undefined).map(({ alert, window }) => `${alert} ${window}`),
      );
    const all = rules.groups
      .flatMap((group) => group.rules)
      .map(({ alert, labels }) => ({ alert, window: labels?.['window'] }));
    expect(names(FIRES)).toEqual(names(all));
    expect(names(QUIET)).toEqual(names(all));
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
