import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { inTime } from '../harness/in-time.ts';
import { own } from '../harness/own.ts';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';
import { codeOf, type Project, projectWith } from '../support/installed-engine.ts';
import { KeepAliveClients, punctual } from '../support/keep-alive-clients.ts';
import { latencyProxy } from '../support/latency-proxy.ts';

jest.setTimeout(180_000);

const LATENCY_MS = 25;
const CLIENTS = 150;
const THINK_MS = 800;
const MOST_MS = 1000;
const README = 'src/lastcall/README.md';
const [typescript = ''] = codeOf(README, 'ts');
const [javascript = ''] = codeOf(README, 'js');
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: { express: string };
};

/** The oldest of each line that the package allows. */
const EXPRESS = [
  ['4', '4.21.0'],
  ['5', dependencies.express],
] as const;

describe.each(EXPRESS)('an app of Express %s', (line, version) => {
  let project: Project;
  beforeAll(() => {
    project = projectWith([`express@${version}`, `@types/express@${line}`]);
    project.write('server.ts', typescript);
    project.write('server.cjs', javascript);
    project.write('server.js', typescript); // it has no types to take out
  });
  afterAll(() => project?.remove());

  const start = (file: string, env: Record<string, string> = {}) =>
    startService({ LOG_LEVEL: 'info', ...env }, { entry: join(project.folder, file) });

  test('compiles strictly, with the types of the engine checked, too', () => {
    expect(project.compile()).toBe('');
  });

  test.each([
    ['TypeScript', 'out/server.js'],
    ['JavaScript', 'server.js'],
    ['CommonJS', 'server.cjs'],
  ])('in %s leaves under load without a loss', async (_language, file) => {
    await inTime(async () => {
      const { code, report, answered, late, lost } = await punctual(CLIENTS, async () => {
        const service = start(file, {
          SHUTDOWN_WINDOW: '1500ms',
          SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
        });
        return race(service);
      });

      expect(lost).toEqual({});
      expect(code).toBe(late > 0 ? 80 : 0);
      const { requests, connections } = numbersOf(report);
      expect(requests.lifetime).toMatchObject({ accepted: answered + late, answered, aborted: 0, cut: 0 });
      expect(requests.served).toBeGreaterThan(0);
      expect(connections.closed).toBe(CLIENTS - late);
    });
  });

  test('without a window, the drain alone answers what kept connections still send', async () => {
    await inTime(async () => {
      const { answered, late, lost, report } = await punctual(CLIENTS, async () => {
        const service = start('server.cjs', {
          SHUTDOWN_WINDOW: '0',
          SHUTDOWN_WINDOW_MAX: '0',
          SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1300ms',
        });
        return race(service);
      });

      expect(lost).toEqual({});
      const { requests } = numbersOf(report);
      expect(requests.lifetime).toMatchObject({ accepted: answered + late, answered });
      expect(requests.drained).toBeGreaterThan(0);
    });
  });

  test('has its hooks, its checks, its own name, and the templates of its routes in the metrics', async () => {
    const service = start('server.cjs');
    expect(await (await fetch(`${await service.url}/orders/7/42`)).text()).toBe('42');
    const ready = await fetch(`${await service.management}/readyz?verbose`);
    const metrics = await (await fetch(`${await service.management}/metrics`)).text();
    service.kill('SIGTERM');
    const { report } = await reportOf(service);

    expect(await ready.json()).toMatchObject({ status: 'ok', checks: [{ name: 'jobs', up: true }] });
    expect(metrics).toContain('http_route="/orders/:shop/:id"');
    expect(metrics).toContain('their_service_build_info{version="3.2.1"');
    expect(report.hooks).toMatchObject([{ name: 'jobs', result: 'ok' }]);
    expect(service.lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['jobs begin', 'jobs end']));
  });
});

const ROUTES = `
const express = require('express');
const { run } = require('lastcall');
const leaf = () => express.Router({ mergeParams: true }).get('/:id', (req, res) => res.json(req.params));
const app = express();
app.get('/old', (_req, res) => res.json(201, { old: true }));
app.use('/api/v1.0/:shop/sub-path', express.Router().use('/deep', leaf()));
app.use(['/a', '/b'], leaf());
app.use(/\\/any/, leaf());
app.use(leaf());
run(process.env, { createApp: () => app });
`;

describe.each(EXPRESS)('routes of Express %s', (line, version) => {
  let project: Project;
  beforeAll(() => {
    project = projectWith([`express@${version}`]);
    project.write('routes.cjs', ROUTES);
  });
  afterAll(() => project?.remove());

  test('are named by what was registered, wherever their router is mounted', async () => {
    const service = startService({}, { entry: join(project.folder, 'routes.cjs') });
    const url = await service.url;
    for (const path of ['/api/v1.0/7/sub-path/deep/1', '/a/1', '/b/1', '/any/1', '/1']) {
      expect(await (await fetch(`${url}${path}`)).json()).toMatchObject({ id: '1' });
    }
    const metrics = await (await fetch(`${await service.management}/metrics`)).text();
    const labels = [...metrics.matchAll(/_count\{.*http_route="([^"]*)"/g)].map(([, label = '']) => label);

    expect(labels.sort()).toEqual(['/:id', '/a/:id', '/api/v1.0/:shop/sub-path/deep/:id', '/b/:id']);
  });

  if (line === '4') {
    test('may give a status before the body, as they could', async () => {
      const service = startService({}, { entry: join(project.folder, 'routes.cjs') });
      const answer = await fetch(`${await service.url}/old`);

      expect({ status: answer.status, body: await answer.json() }).toEqual({
        status: 201,
        body: { old: true },
      });
    });
  }
});

/** Clients work, the service is told to leave in the middle of it; the numbers of both sides. */
async function race(service: ReturnType<typeof startService>) {
  const proxy = await latencyProxy(await service.url, LATENCY_MS);
  own(() => proxy.close());
  const clients = new KeepAliveClients(proxy.url, CLIENTS, THINK_MS, MOST_MS);
  await clients.busy;
  await leave(service);
  const { code, report } = await reportOf(service);
  await clients.done;
  return { code, report, ...clients.tally };
}
