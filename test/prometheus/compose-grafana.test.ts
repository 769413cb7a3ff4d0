import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { mounted, services, yaml } from '../support/compose.ts';
import { DASHBOARD } from '../support/dashboard.ts';

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
