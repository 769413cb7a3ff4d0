import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { get } from '../harness/http.ts';
import { withEveryRoom } from '../support/everything-on.ts';
import { documentedMetrics, exposedMetrics } from '../support/metrics-page.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { PACKAGE_NAME } from '../support/names.ts';
import { testWith } from '../support/programs.ts';
import { promtool } from '../support/prometheus.ts';
import { sendRaw } from '../harness/raw-client.ts';

jest.setTimeout(60_000);

const testWherePossible = testWith('promtool');

let service: ServiceProcess;
let url: string;
let management: string;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
  const env = { FIXTURE: 'good,sick', ...(await withEveryRoom(folder)) };
  service = startService(env, { entry: 'test/process/fixture.mjs' });
  url = await service.url;
  management = await service.management;
  await service.line({ event: 'health', check: 'db' });
});

afterEach(() => rmSync(folder, { recursive: true }));

const scrape = async () => (await get(`${management}/metrics`)).body;

async function expectCleanEnd(): Promise<void> {
  service.kill('SIGTERM');
  expect(await service.ended).toMatchObject({ code: 0 });
}

test('docs/metrics.md has every metric of a real scrape, with its type and labels, and no other', async () => {
  await get(url);
  await get(`${url}/away`);
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  const exposed = exposedMetrics(await scrape()).sort(byName);
  const page = readFileSync('docs/metrics.md', 'utf8').replace('{name}', PACKAGE_NAME.replace(/\W/g, '_'));
  const documented = documentedMetrics(page).sort(byName);
  // Nothing may be active, or collected, yet: then there is no series to see labels at.
  const silent = ['nodejs_active_requests', 'nodejs_gc_duration_seconds'];
  const withoutSilent = documented.map((metric) => {
    const seen = exposed.find(({ name }) => name === metric.name);
    return silent.includes(metric.name) && seen?.labels.length === 0 ? { ...metric, labels: [] } : metric;
  });
  expect(withoutSilent).toEqual(exposed);
  await expectCleanEnd();
});

testWherePossible(
  'promtool has nothing to say about the metrics, before the first request and after',
  async () => {
    const lint = async () => promtool(['check', 'metrics'], { input: await scrape() });
    expect(await lint()).toEqual({ code: 0, said: '' });
    await get(url);
    expect(await lint()).toEqual({ code: 0, said: '' });
    await expectCleanEnd();
  },
);

test('a request whose trace is recorded is an exemplar in OpenMetrics, and one whose trace is not is none', async () => {
  const traced = async (id: string, flags: string) =>
    fetch(url, { headers: { traceparent: `00-${id}-00f067aa0ba902b7-${flags}`, Connection: 'close' } });
  await traced('a'.repeat(32), '00');
  await traced('b'.repeat(32), '01');
  await traced('c'.repeat(32), '02');
  const answer = await fetch(`${management}/metrics`, {
    headers: { Accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5', Connection: 'close' },
  });
  expect(answer.headers.get('Content-Type')).toMatch(/^application\/openmetrics-text/);
  expect((await answer.text()).match(/# \{.*?\}/g)).toEqual([`# {trace_id="${'b'.repeat(32)}"}`]);
  await expectCleanEnd();
});

test('10,000 random paths and 50 invented methods add no series', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  const { port } = new URL(url);
  // What Node's parser does not know is refused before it is a request; PURGE and the like are known to it.
  const odd = ['PURGE', 'PROPFIND', 'REPORT', 'MKCOL', 'LOCK', 'SUBSCRIBE'];
  const invented = Array.from(
    { length: 50 },
    (_, i) => odd[i] ?? `INVENT${String.fromCharCode(65 + (i % 26))}`,
  );
  const random = () => Math.random().toString(36).slice(2);
  const visit = async (path: string) => get(`${url}${path}`, { agent });
  const rounds = async (count: number) => {
    for (let at = 0; at < count; at += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) =>
          visit(i % 2 === 0 ? `/${random()}/${random()}` : `/echo/${random()}`),
        ),
      );
    }
    for (const method of invented) {
      await sendRaw(
        Number(port),
        `${method} /${random()} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
    }
  };
  /** Without those of Node itself, which come with its first garbage collection and go with each timer. */
  const series = async () =>
    (await scrape())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('nodejs_'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));

  await rounds(20);
  const before = await series();
  await rounds(10_000);
  agent.destroy();

  const after = await series();
  expect(after).toEqual(before);
  const routes = new Set(after.flatMap((line) => /http_route="([^"]*)"/.exec(line)?.[1] ?? []));
  expect(routes).toEqual(new Set(['/echo/*path', 'unmatched']));
  const total =
    /_count\{http_request_method="GET",http_route="unmatched",http_response_status_code="404"\} (\d+)/;
  expect(total.exec(await scrape())?.[1]).toBe('5010');
  await expectCleanEnd();
});
