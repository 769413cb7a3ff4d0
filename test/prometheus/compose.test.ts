import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { mounted, services, yaml } from '../support/compose.ts';
import { PORTS } from '../support/names.ts';

test('everything that compose.yaml mounts is there', () => {
  const hosts = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.split(':')[0] ?? ''),
  );
  expect(hosts.length).toBeGreaterThan(0);
  expect(hosts.filter((host) => !existsSync(host))).toEqual([]);
});

test('the target has the labels by which rules and dashboard look for it', () => {
  const path = mounted(services.prometheus, '/etc/prometheus/prometheus.yaml');
  const { scrape_configs: targets } = yaml(path) as { scrape_configs: unknown[] };
  expect(targets).toEqual([
    {
      job_name: 'service',
      static_configs: [
        {
          targets: [`service:${PORTS.management}`],
          labels: { namespace: 'compose', pod: expect.any(String) },
        },
      ],
    },
  ]);
});

test('Docker gives the service the time that it was told', () => {
  const { environment, stop_grace_period: grace } = services.service;
  expect(environment?.['SHUTDOWN_GRACE_PERIOD']).toBe(grace);
});
