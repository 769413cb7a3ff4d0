import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { live, type Life, type Part, TRACE_ID } from '../support/life.ts';
import { testWith } from '../support/programs.ts';
import type { RuleFile } from '../support/prometheus.ts';

jest.setTimeout(60_000);

const testWherePossible = testWith('prometheus');

const FOLDER = new URL('live/', import.meta.url);
/** Those that have not been taken out. */
const PARTS = await Promise.all(
  readdirSync(FOLDER).map(async (file) => (await import(new URL(file, FOLDER).href)) as Part),
);

let life: Life;

beforeAll(async () => {
  if (testWherePossible !== test) return;
  const files = await Promise.all(
    PARTS.map(async ({ rules }): Promise<RuleFile> => (await rules?.()) ?? { groups: [] }),
  );
  life = await live({ groups: files.flatMap(({ groups }) => groups) });
}, 60_000);

afterAll(async () => life?.prometheus.stop());

describe('after the process is gone', () => {
  testWherePossible('Prometheus knows that one request was cut', async () => {
    expect(life.report).toMatchObject({ exitCode: 80, outcome: 'cut' });
    const [increase] = await life.prometheus.query(
      'sum(increase(shutdown_requests_total{outcome="cut"}[5m]))',
    );
    // A little more than 1: increase() extends what it saw to the ends of the range.
    expect(Math.round(Number(increase?.value[1]))).toBe(1);
    const last = await life.prometheus.query('last_over_time(shutdown_requests_total{listener="http"}[5m])');
    const byOutcome = Object.fromEntries(last.map(({ metric, value }) => [metric['outcome'], value[1]]));
    expect(byOutcome).toEqual({ served: '1', drained: '0', aborted: '0', cut: '1', broken: '0' });
  });

  testWherePossible('it has the durations of the phases as the report has them', async () => {
    const last = await life.prometheus.query('last_over_time(shutdown_phase_duration_seconds[5m])');
    const seconds = Object.fromEntries(last.map(({ metric, value }) => [metric['phase'], Number(value[1])]));
    expect(seconds).toMatchObject({
      window: life.report.ms.window / 1000,
      drain: life.report.ms.drain / 1000,
      cleanup: life.report.ms.cleanup / 1000,
    });
    const [deadline] = await life.prometheus.query('last_over_time(shutdown_deadline_seconds[5m])');
    expect(deadline?.value[1]).toBe('24'); // 2 + 2 + 4 + 15, and one more
  });

  testWherePossible('it has seen every state that lasted longer than its interval', async () => {
    const seen = await life.overTime('lifecycle_state == 1');
    expect(seen.map(({ metric }) => metric['state'])).toEqual(
      expect.arrayContaining(['ready', 'lame-duck', 'draining', 'cleanup', 'final-scrape']),
    );
  });

  testWherePossible('the process has waited for it no longer than one and a half intervals', () => {
    expect(life.report.ms.finalScrape).toBeLessThan(2000);
  });

  testWherePossible('it has the trace of a request as an exemplar', async () => {
    const [start, end] = [life.startedAt / 1000, Date.now() / 1000];
    const query = 'query_exemplars?query=http_server_request_duration_seconds_bucket';
    const found = await life.prometheus.api(`${query}&start=${start}&end=${end}`);
    expect(JSON.stringify(found)).toContain(`{"trace_id":"${TRACE_ID}"}`);
  });
});

describe('every metric and label is one that a real scrape has', () => {
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
    expect(await life.missing(expr, [text])).toEqual([found]);
  });
});

for (const { defineTests } of PARTS) defineTests(testWherePossible as typeof test, () => life);
