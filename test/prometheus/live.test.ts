import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { filledIn, QUERIES } from '../support/dashboard.ts';
import { withEveryRoom } from '../support/everything-on.ts';
import { get, inFlight } from '../harness/http.ts';
import { documentedQueries } from '../support/metrics-page.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { groupedBy, selectorsOf, unknownWordsOf } from '../support/promql.ts';
import { testWith } from '../support/programs.ts';
import {
  type PrometheusServer,
  renderedRules,
  type Rule,
  type RuleFile,
  startPrometheus,
} from '../support/prometheus.ts';
import { reportOf } from '../harness/report.ts';

jest.setTimeout(60_000);

const testWherePossible = testWith('prometheus');
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

let prometheus: PrometheusServer;
let stop: () => Promise<void> = async () => undefined;
let rules: RuleFile;
let report: Report;
let startedAt: number;
let folder = '';

/** One life of a process under a Prometheus that reads it every second, from the start to after its end. */
async function live(): Promise<void> {
  startedAt = Date.now();
  rules = await renderedRules();
  folder = mkdtempSync(join(tmpdir(), 'service-'));
  const service = startService(
    {
      FIXTURE: 'good,slow-stop,throwing,sick',
      ...(await withEveryRoom(folder)),
      SHUTDOWN_WINDOW: '2s',
      SHUTDOWN_WINDOW_MAX: '2s',
      SHUTDOWN_DRAIN_TIMEOUT: '2s',
      SHUTDOWN_SCRAPE_WAIT: '15s',
      HEALTH_CHECK_INTERVAL: '500ms',
    },
    { entry: 'test/process/fixture.mjs' },
  );
  try {
    await lead(service);
  } finally {
    service.kill('SIGKILL');
  }
}

async function lead(service: ServiceProcess): Promise<void> {
  const url = await service.url;
  const management = await service.management;
  prometheus = await startPrometheus(new URL(management).host, rules);
  stop = prometheus.stop;
  const counted = 'sum(http_server_request_duration_seconds_count)';
  // A rate needs a series that grows while it is watched: the same requests twice.
  for (const round of [1, 2]) {
    await load(url);
    await prometheus.until(`${counted} >= ${round * 60}`);
  }
  const cut = get(`${url}/slow?ms=60000`);
  cut.catch(() => undefined);
  await inFlight(management, 1);
  service.kill('SIGTERM');
  await service.line({ state: 'lame-duck' });
  await get(url);
  ({ report } = await reportOf(service));
  await prometheus.until('up == 0');
}

/** 60 requests: good ones with a trace, misses, failures. */
async function load(url: string): Promise<void> {
  await get(`${url}/away`); // a 502 of the gateway
  const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve, reject) => {
      const req = http.get(url, { headers: { traceparent } }, (res) => res.resume().once('end', resolve));
      req.once('error', reject);
    });
    await get(`${url}/nowhere/${i}`);
    await get(`${url}/early?status=500`);
  }
}

beforeAll(async () => {
  if (testWherePossible === test) await live();
}, 60_000);

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The result of a query over the whole life, as a panel asks for it: only series that have a number somewhere. */
async function overTime(expr: string): Promise<{ metric: Record<string, string>; values: number[] }[]> {
  const [start, end] = [startedAt / 1000, Date.now() / 1000];
  const path = `query_range?query=${encodeURIComponent(expr)}&start=${start}&end=${end}&step=1`;
  const { result } = (await prometheus.api(path)) as {
    result: { metric: Record<string, string>; values: [number, string][] }[];
  };
  return result
    .map(({ metric, values }) => ({
      metric,
      values: values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value)),
    }))
    .filter(({ values }) => values.length > 0);
}

/** What a query names and no series has: whole selectors, and labels that it groups by or writes into a text. */
async function missing(expr: string, texts: string[] = []): Promise<string[]> {
  const series = await Promise.all(
    selectorsOf(expr).map(async (selector) => ({
      selector,
      found: await prometheus.query(`last_over_time(${selector}[5m])`),
    })),
  );
  const labels = new Set(series.flatMap(({ found }) => found.flatMap(({ metric }) => Object.keys(metric))));
  const written = texts.flatMap((text) =>
    [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = '']) => label),
  );
  return [
    ...series.filter(({ found }) => found.length === 0).map(({ selector }) => selector),
    ...[...groupedBy(expr), ...written].filter((label) => !labels.has(label)),
  ];
}

describe('after the process is gone', () => {
  testWherePossible('Prometheus knows that one request was cut', async () => {
    expect(report).toMatchObject({ exitCode: 80, outcome: 'cut' });
    const [increase] = await prometheus.query('sum(increase(shutdown_requests_total{outcome="cut"}[5m]))');
    // A little more than 1: increase() extends what it saw to the ends of the range.
    expect(Math.round(Number(increase?.value[1]))).toBe(1);
    const last = await prometheus.query('last_over_time(shutdown_requests_total{listener="http"}[5m])');
    const byOutcome = Object.fromEntries(last.map(({ metric, value }) => [metric['outcome'], value[1]]));
    expect(byOutcome).toEqual({ served: '1', drained: '0', aborted: '0', cut: '1', broken: '0' });
  });

  testWherePossible('it has the durations of the phases as the report has them', async () => {
    const last = await prometheus.query('last_over_time(shutdown_phase_duration_seconds[5m])');
    const seconds = Object.fromEntries(last.map(({ metric, value }) => [metric['phase'], Number(value[1])]));
    expect(seconds).toMatchObject({
      window: report.ms.window / 1000,
      drain: report.ms.drain / 1000,
      cleanup: report.ms.cleanup / 1000,
    });
    const [deadline] = await prometheus.query('last_over_time(shutdown_deadline_seconds[5m])');
    expect(deadline?.value[1]).toBe('24'); // 2 + 2 + 4 + 15, and one more
  });

  testWherePossible('it has seen every state that lasted longer than its interval', async () => {
    const seen = await overTime('lifecycle_state == 1');
    expect(seen.map(({ metric }) => metric['state'])).toEqual(
      expect.arrayContaining(['ready', 'lame-duck', 'draining', 'cleanup', 'final-scrape']),
    );
  });

  testWherePossible('the process has waited for it no longer than one and a half intervals', () => {
    expect(report.ms.finalScrape).toBeLessThan(2000);
  });

  testWherePossible('it has the trace of a request as an exemplar', async () => {
    const [start, end] = [startedAt / 1000, Date.now() / 1000];
    const query = 'query_exemplars?query=http_server_request_duration_seconds_bucket';
    const found = await prometheus.api(`${query}&start=${start}&end=${end}`);
    expect(JSON.stringify(found)).toContain(`{"trace_id":"${TRACE_ID}"}`);
  });

  testWherePossible('the alert about the cut fires, with a text that a human can read', async () => {
    await prometheus.until('ALERTS{alertname="ShutdownCutRequests",alertstate="firing"}');
    const { alerts } = (await prometheus.api('alerts')) as {
      alerts: { labels: Record<string, string>; annotations: Record<string, string> }[];
    };
    const alert = alerts.find(({ labels }) => labels['alertname'] === 'ShutdownCutRequests');
    expect(alert?.annotations).toMatchObject({
      summary: 'Pods of rel cut requests when they shut down',
      description: expect.stringContaining('(1 in 15 minutes)'),
      runbook_url: 'docs/runbook.md#shutdowncutrequests',
    });
    const names = alerts.map(({ labels }) => labels['alertname']);
    expect(names).toContain('ShutdownHookFailed');
    for (const quiet of ['ShutdownNearDeadline', 'ConnectionsRefused', 'LogLinesDropped'])
      expect(names).not.toContain(quiet);
  });
});

describe('every metric and label is one that a real scrape has', () => {
  testWherePossible('in the rules', async () => {
    const problems: Record<string, string[]> = {};
    for (const rule of rules.groups.flatMap((group) => group.rules)) {
      const texts = Object.values(rule.annotations ?? {});
      const found = [...unknownWordsOf(rule.expr), ...(await missing(rule.expr, texts))];
      if (found.length > 0) problems[nameOf(rule)] = found;
    }
    expect(problems).toEqual({});
  });

  testWherePossible('in the dashboard', async () => {
    const problems: Record<string, string[]> = {};
    for (const { where, expr, text } of QUERIES) {
      const found = await missing(filledIn(expr), [text]);
      if (found.length > 0) problems[where] = found;
    }
    expect(problems).toEqual({});
  });

  testWherePossible.each([
    [
      'a metric',
      'sum(rate(shutdown_request_total{outcome="cut"}[5m]))',
      '',
      'shutdown_request_total{outcome="cut"}',
    ],
    [
      'the value of a label',
      'shutdown_requests_total{outcome="lost"}',
      '',
      'shutdown_requests_total{outcome="lost"}',
    ],
    ['a label to group by', 'sum by (result) (shutdown_requests_total{outcome="cut"})', '', 'result'],
    ['a label in a text', 'shutdown_requests_total{outcome="cut"}', 'of {{ $labels.result }}', 'result'],
  ])('and %s that has been renamed is noticed', async (_what, expr, text, found) => {
    expect(await missing(expr, [text])).toEqual([found]);
  });
});

describe('every query returns data', () => {
  testWherePossible.each(QUERIES)('of the dashboard: $where ($text)', async ({ expr, text }) => {
    const series = await overTime(filledIn(expr));
    expect(series).not.toEqual([]);
    for (const [, label = ''] of text.matchAll(/\{\{(\w+)\}\}/g)) {
      expect(series.filter(({ metric }) => metric[label] !== undefined)).not.toEqual([]);
    }
  });

  testWherePossible.each(documentedQueries(readFileSync('docs/metrics.md', 'utf8')))(
    'of docs/metrics.md: %s',
    async (expr) => {
      expect(await overTime(expr)).not.toEqual([]);
    },
  );
});

function nameOf({ alert, record, labels }: Rule): string {
  return `${alert ?? record ?? ''} ${labels?.['window'] ?? ''}`.trim();
}
