import { expect, test } from '@jest/globals';
import { envOf, podSpecOf, render } from '../../scripts/helm.ts';
import { CHART_NAME, POD_NAME } from '../support/names.ts';
import { environmentOf } from '../support/pod.ts';

const TIMEOUT = 60_000;
const endpoint = 'http://collector.observability:4318';

/** The variables of OpenTelemetry, as the container gets them. */
async function openTelemetry(tracing: object): Promise<Record<string, string>> {
  const environment = environmentOf(podSpecOf(await render({ values: { tracing } })).container);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('OTEL_')));
}

test(
  'without an endpoint there is nothing of OpenTelemetry, whatever else is said',
  async () => {
    expect(await openTelemetry({ sampler: 'always_on', metrics: true })).toEqual({});
  },
  TIMEOUT,
);

test(
  'with one, the service is called as its metrics are, and knows where it runs',
  async () => {
    expect(await openTelemetry({ endpoint })).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_SERVICE_NAME: `rel-${CHART_NAME}`,
      OTEL_RESOURCE_ATTRIBUTES: `k8s.namespace.name=default,k8s.node.name=node-1,k8s.pod.name=${POD_NAME}`,
    });
  },
  TIMEOUT,
);

test(
  'every value is a variable',
  async () => {
    const tracing = {
      endpoint,
      protocol: 'grpc',
      serviceName: 'shop',
      sampler: 'parentbased_traceidratio',
      samplerArg: '0.1',
      resourceAttributes: { 'deployment.environment.name': 'production', 'k8s.node.name': 'mine' },
      metrics: true,
    };

    expect(await openTelemetry(tracing)).toMatchObject({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_SERVICE_NAME: 'shop',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      OTEL_RESOURCE_ATTRIBUTES: expect.stringMatching(
        /^deployment\.environment\.name=production,.*k8s\.node\.name=mine,/,
      ),
      OTEL_METRICS_EXPORTER: 'otlp',
    });
  },
  TIMEOUT,
);

test(
  'a collector on each node is found by the address of the node',
  async () => {
    const tracing = { endpoint: 'http://$(HOST_IP):4318' };

    expect(await openTelemetry(tracing)).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    });
    const { container } = podSpecOf(await render({ values: { tracing: { endpoint } } }));
    expect(container.env?.map(({ name }) => name)).not.toContain('HOST_IP');
  },
  TIMEOUT,
);

test(
  'an endpoint of somebody’s own, from a Secret, is left alone',
  async () => {
    const extraEnv = [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: endpoint }];

    expect(envOf(await render({ values: { extraEnv } }))).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    });
    await expect(render({ values: { extraEnv, tracing: { endpoint } } })).rejects.toThrow(
      'extraEnv sets OTEL_EXPORTER_OTLP_ENDPOINT',
    );
  },
  TIMEOUT,
);

test.each([
  ['an endpoint without a scheme', { endpoint: 'collector:4318' }, 'endpoint'],
  ['a protocol that is not spoken', { endpoint, protocol: 'http/json' }, 'protocol'],
  ['a sampler that is not known', { endpoint, sampler: 'sometimes' }, 'sampler'],
  ['a ratio above 1', { endpoint, samplerArg: '1.5' }, 'samplerArg'],
  ['an attribute that would be two', { endpoint, resourceAttributes: { team: 'a,b=c' } }, 'team'],
  ['an attribute that is not encoded', { endpoint, resourceAttributes: { team: '100%' } }, 'team'],
])(
  '%s is refused, by name',
  async (_what, tracing, name) => {
    await expect(render({ values: { tracing } })).rejects.toThrow(new RegExp(`schema.*\\b${name}\\b`, 's'));
  },
  TIMEOUT,
);
