import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { test as Test } from '@jest/globals';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { get, inFlight } from '../harness/http.ts';
import { reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { withEveryRoom } from './everything-on.ts';
import { type PrometheusServer, type RuleFile, startPrometheus } from './prometheus.ts';
import { groupedBy, selectorsOf } from './promql.ts';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

/** One life of a process under a Prometheus that reads it every second, from the start to after its end. */
export interface Life {
  /** In milliseconds since 1970. */
  startedAt: number;
  prometheus: PrometheusServer;
  report: Report;
  /** The result of a query over the whole life, as a panel asks for it: only series that have a number somewhere. */
  overTime: (expr: string) => Promise<{ metric: Record<string, string>; values: number[] }[]>;
  /** What a query names and no series has: whole selectors, and labels that it groups by or writes into a text. */
  missing: (expr: string, texts?: string[]) => Promise<string[]>;
}

/** Tests of it that are about a part of the template that can go: those of the files in test/prometheus/live/. */
export interface Part {
  /** Evaluated while it lives. */
  rules?: () => Promise<RuleFile>;
  /** @param life to be called in a test, when it is over */
  defineTests: (test: typeof Test, life: () => Life) => void;
}

/** Lives it; Prometheus goes on until the caller stops it. */
export async function live(rules: RuleFile): Promise<Life> {
  const startedAt = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'service-'));
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
    const prometheus = await startPrometheus(new URL(await service.management).host, rules);
    try {
      const report = await lead(service, prometheus);
      const overTime: Life['overTime'] = async (expr) => seriesOf(prometheus, startedAt, expr);
      const missing: Life['missing'] = async (expr, texts) => missingIn(prometheus, expr, texts);
      return { startedAt, prometheus, report, overTime, missing };
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
  } finally {
    service.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function lead(service: ServiceProcess, prometheus: PrometheusServer): Promise<Report> {
  const url = await service.url;
  const counted = 'sum(http_server_request_duration_seconds_count)';
  // A rate needs a series that grows while it is watched: the same requests twice.
  for (const round of [1, 2]) {
    await load(url);
    await prometheus.until(`${counted} >= ${round * 60}`);
  }
  const cut = get(`${url}/slow?ms=60000`);
  cut.catch(() => undefined);
  await inFlight(await service.management, 1);
  service.kill('SIGTERM');
  await service.line({ state: 'lame-duck' });
  await get(url);
  const { report } = await reportOf(service);
  await prometheus.until('up == 0');
  return report;
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

async function seriesOf(
  prometheus: PrometheusServer,
  startedAt: number,
  expr: string,
): ReturnType<Life['overTime']> {
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

async function missingIn(
  prometheus: PrometheusServer,
  expr: string,
  texts: string[] = [],
): Promise<string[]> {
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
