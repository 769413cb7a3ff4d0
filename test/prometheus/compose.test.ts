import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { DASHBOARD } from '../support/dashboard.ts';
import { testWith } from '../support/programs.ts';
import { promtool, renderedRules } from '../support/prometheus.ts';

jest.setTimeout(60_000); // the first to need helm fetches it

const testWherePossible = testWith('promtool');

interface ComposeService {
  command?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  stop_grace_period?: string;
}

const yaml = (path: string): unknown => parse(readFileSync(path, 'utf8'), { strict: true, uniqueKeys: true });
const { services } = yaml('compose.yaml') as {
  services: Record<'service' | 'prometheus' | 'grafana', ComposeService>;
};

/** What the container has at `inside`: the file on the host that is mounted there. */
function mounted(service: ComposeService, inside: string): string {
  for (const volume of service.volumes ?? []) {
    const [host = '', target = ''] = volume.split(':');
    if (inside === target) return host;
    if (inside.startsWith(`${target}/`)) return join(host, inside.slice(target.length + 1));
  }
  throw new Error(`nothing is mounted at ${inside}`);
}

/** The rule file as the shell of the container makes it. */
function rulesOfTheContainer(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  try {
    const command = services.prometheus.command?.[0]?.split('&& exec')[0] ?? '';
    const here = command
      .replace('/chart/alerts.yaml', mounted(services.prometheus, '/chart/alerts.yaml'))
      .replace('/tmp/alerts.yaml', join(folder, 'alerts.yaml'));
    expect(spawnSync('sh', ['-c', here], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    return readFileSync(join(folder, 'alerts.yaml'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('everything that compose.yaml mounts is there', () => {
  const hosts = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.split(':')[0] ?? ''),
  );
  expect(hosts.length).toBeGreaterThan(3);
  expect(hosts.filter((host) => !existsSync(host))).toEqual([]);
});

test('the rules of compose are those of the chart, with its defaults', async () => {
  const chart = JSON.stringify(await renderedRules());
  const renamed = chart.replaceAll(
    String.raw`namespace=\"shop\",job=\"rel\"`,
    String.raw`namespace=\"compose\",job=\"service\"`,
  );
  expect(parse(rulesOfTheContainer())).toEqual(JSON.parse(renamed));
});

testWherePossible('the configuration of Prometheus is one that it takes, rules included', () => {
  const config = readFileSync(mounted(services.prometheus, '/etc/prometheus/prometheus.yaml'), 'utf8');
  const files = {
    'prometheus.yaml': config.replace('/tmp/alerts.yaml', 'alerts.yaml'),
    'alerts.yaml': rulesOfTheContainer(),
  };
  const { code, said } = promtool(['check', 'config', 'prometheus.yaml'], { files });
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('1 rule files found') });
});

test('the target has the labels by which rules and dashboard look for it', () => {
  const path = mounted(services.prometheus, '/etc/prometheus/prometheus.yaml');
  const { scrape_configs: targets } = yaml(path) as { scrape_configs: unknown[] };
  expect(targets).toEqual([
    {
      job_name: 'service',
      static_configs: [
        { targets: ['service:8081'], labels: { namespace: 'compose', pod: expect.any(String) } },
      ],
    },
  ]);
});

test('Grafana is given its source of data, and the dashboard of the chart', () => {
  const provisioning = '/etc/grafana/provisioning';
  const source = yaml(mounted(services.grafana, `${provisioning}/datasources/prometheus.yaml`));
  expect(source).toMatchObject({ datasources: [{ type: 'prometheus', url: 'http://prometheus:9090' }] });
  const provider = yaml(mounted(services.grafana, `${provisioning}/dashboards/provider.yaml`)) as {
    providers: [{ options: { path: string } }];
  };
  const file = mounted(services.grafana, `${provider.providers[0].options.path}/service.json`);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(DASHBOARD);
});

test('Docker gives the service the time that it was told', () => {
  const { environment, stop_grace_period: grace } = services.service;
  expect(environment?.['SHUTDOWN_GRACE_PERIOD']).toBe(grace);
});
