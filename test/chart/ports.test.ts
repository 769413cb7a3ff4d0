import { describe, expect, test } from '@jest/globals';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import { notes, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';
import { PORTS } from '../support/names.ts';

const TIMEOUT = 60_000;
const GRPC = { name: 'grpc', port: 9000, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' };
// The same number, and no clash: it is another protocol.
const HTTP3 = { name: 'http3', port: 80, protocol: 'UDP', targetPort: 8443 };
const CONTAINER_PORT = { name: 'grpc', containerPort: 9090 };

test(
  'a further port goes from the Service to the container, and traffic may come to it',
  async () => {
    const objects = await render({
      values: knownOf({
        extraContainerPorts: [CONTAINER_PORT],
        service: { extraPorts: [GRPC, HTTP3] },
        networkPolicy: { enabled: true },
      }),
    });
    const [service] = ofKind<IService>(objects, 'Service');
    expect(service?.spec?.ports?.map(({ name }) => name)).toEqual(['http', 'grpc', 'http3']);
    expect(service?.spec?.ports?.[1]).toEqual(GRPC);
    expect(podSpecOf(objects).container.ports).toContainEqual(CONTAINER_PORT);
    for (const policy of ofKind<INetworkPolicy>(objects, 'NetworkPolicy')) {
      expect(policy.spec?.ingress?.[0]?.ports).toEqual(
        expect.arrayContaining([{ port: 'grpc' }, { port: 8443, protocol: 'UDP' }]),
      );
    }
  },
  TIMEOUT,
);

describe('a further port does not render', () => {
  test.each<[string, object, string]>([
    [
      'that leads to the management port by its name',
      { service: { extraPorts: [{ ...GRPC, targetPort: 'management' }] } },
      'leads grpc to the management port',
    ],
    [
      'that leads to the management port by its number',
      { service: { extraPorts: [{ ...GRPC, targetPort: PORTS.management }] } },
      'leads grpc to the management port',
    ],
    [
      'that the Service has already',
      { service: { extraPorts: [{ ...GRPC, port: 80 }] } },
      'extraPorts has 80/TCP, which the Service has already',
    ],
    [
      'that the container has already',
      { extraContainerPorts: [{ name: 'metrics', containerPort: PORTS.management }] },
      `extraContainerPorts has ${PORTS.management}, which the container has already`,
    ],
  ])(
    '%s',
    async (_what, values, sentence) => {
      await expect(render({ values })).rejects.toThrow(sentence);
    },
    TIMEOUT,
  );
});

test(
  'the Service may prefer what is near, where Kubernetes knows how',
  async () => {
    const service = { trafficDistribution: 'PreferClose', internalTrafficPolicy: 'Local' };
    const [rendered] = ofKind<IService>(
      await render({ values: { service }, kubeVersion: '1.31.0' }),
      'Service',
    );
    expect(rendered?.spec).toMatchObject(service);
    await expect(render({ values: { service }, kubeVersion: '1.30.9' })).rejects.toThrow(
      'trafficDistribution is PreferClose, which Kubernetes v1.30.9 ignores or refuses: 1.31 is the first',
    );
    expect(await notes({ values: { service: { internalTrafficPolicy: 'Local' } } })).toContain(
      'NOTE  service.internalTrafficPolicy is Local and shutdown.readiness is fail',
    );
  },
  TIMEOUT,
);
