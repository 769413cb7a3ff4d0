import { expect, test } from '@jest/globals';
import { mounted, services, yaml } from '../support/compose.ts';

interface Sources {
  datasources: {
    uid: string;
    url: string;
    jsonData?: { exemplarTraceIdDestinations: { name: string; datasourceUid: string }[] };
  }[];
}

test('an exemplar in Grafana leads to its trace', () => {
  const folder = '/etc/grafana/provisioning/datasources';
  const [prometheus, jaeger] = ['prometheus', 'jaeger'].map(
    (name) => (yaml(mounted(services.grafana, `${folder}/${name}.yaml`)) as Sources).datasources[0],
  );
  // The label is that of the exposition: http-metrics.ts.
  expect(prometheus?.jsonData?.exemplarTraceIdDestinations).toEqual([
    { name: 'trace_id', datasourceUid: jaeger?.uid },
  ]);
  expect(services).toHaveProperty(new URL(jaeger?.url ?? '').hostname, services.jaeger);
});
