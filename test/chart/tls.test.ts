import { expect, test } from '@jest/globals';
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPod, IService } from 'kubernetes-models/v1';
import { envOf, type KubeObject, notes, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';
import { CHART_NAME } from '../support/names.ts';

const TIMEOUT = 60_000;

test(
  'TLS without a Secret does not render, and helm says why',
  async () => {
    await expect(render({ values: { tls: { enabled: true } } })).rejects.toThrow(/tls\.secretName/);
  },
  TIMEOUT,
);

test(
  'HTTPS on a port that is taken does not render, and helm says why',
  async () => {
    const values = {
      tls: { enabled: true, secretName: 'x', port: 8081 },
      ports: { http: 8080, management: 8081 },
    };

    await expect(render({ values })).rejects.toThrow(
      /ports\.http, ports\.management and tls\.port must differ: 8080, 8081, 8081/,
    );
  },
  TIMEOUT,
);

test(
  'tls.secret: "x" is refused, by name',
  async () => {
    await expect(render({ values: { tls: { secret: 'x' } } })).rejects.toThrow(
      /values don't meet the specifications of the schema.*\bsecret\b/s,
    );
  },
  TIMEOUT,
);

test(
  'with TLS, fewer connections are taken, as the memory limit has room for, unless somebody says how many',
  async () => {
    const limitOf = async (maxConnections: number | '', enabled = true) => {
      const values = { tls: { enabled, secretName: 'x' }, config: { maxConnections } };
      return envOf(await render({ values }))['MAX_CONNECTIONS'];
    };

    expect(await limitOf('')).toBe('3000');
    expect(await limitOf(0)).toBe('0');
    expect(await limitOf(5000)).toBe('5000');
    expect(await limitOf('', false)).toBeUndefined();
  },
  TIMEOUT,
);

test(
  'HTTPS alone is all that is reached from anywhere: no port, no variable and no route is of plain HTTP',
  async () => {
    const values = knownOf({
      tls: { enabled: true, secretName: 'x', only: true },
      // Of what is not opened: it can be any port.
      ports: { http: 8443, management: 8081 },
      service: { type: 'NodePort', nodePort: 30_443 },
      networkPolicy: { enabled: true },
      ingress: { enabled: true },
      httpRoute: { enabled: true, parentRefs: [{ name: 'public' }] },
    });
    const objects = await render({ values });
    const { container } = podSpecOf(objects);
    const [service] = ofKind<IService>(objects, 'Service');

    expect(container.ports?.map(({ name }) => name)).toEqual(['https', 'management']);
    expect(envOf(objects)).toMatchObject({ TLS_ONLY: 'true', TLS_PORT: '8443' });
    expect(envOf(objects)).not.toHaveProperty('PORT');
    expect(service?.spec?.ports).toEqual([
      { name: 'https', port: 443, targetPort: 'https', appProtocol: 'https', nodePort: 30_443 },
    ]);
    for (const { spec } of ofKind<INetworkPolicy>(objects, 'NetworkPolicy')) {
      expect(spec?.ingress?.[0]?.ports).toEqual([{ port: 'https' }]);
    }
    expect(backendsOf(objects)).toEqual(backendsOf(objects).map(() => 'https'));
    const [pod] = ofKind<IPod>(objects, 'Pod');
    expect(pod?.spec?.containers[0]?.env).toEqual([
      { name: 'URL', value: `https://rel-${CHART_NAME}.default:443/` },
      { name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' },
    ]);
    expect(await notes({ values: { tls: { enabled: true, secretName: 'x', only: true } } })).toContain(
      '8080:443, then https://localhost:8080/',
    );
  },
  TIMEOUT,
);

test(
  'beside plain HTTP, a route goes where it says',
  async () => {
    const routes = (servicePort: string) =>
      knownOf({
        tls: { enabled: true, secretName: 'x' },
        ingress: { enabled: true, servicePort },
        httpRoute: { enabled: true, parentRefs: [{ name: 'public' }], servicePort },
      });

    for (const name of ['http', 'https']) {
      const found = backendsOf(await render({ values: routes(name) }));
      expect(found).toEqual(found.map(() => name));
    }
  },
  TIMEOUT,
);

test(
  'HTTPS alone needs HTTPS, and no plain port for a route, and helm says why',
  async () => {
    await expect(render({ values: { tls: { only: true } } })).rejects.toThrow(
      'tls.only is true and tls.enabled is false',
    );
    const ingress = { enabled: true, servicePort: 'http' };
    const values = knownOf({ tls: { enabled: true, secretName: 'x', only: true }, ingress });
    if (!('ingress' in values)) return;
    await expect(render({ values })).rejects.toThrow(
      'ingress.servicePort is http, and the Service has no port of that name: expected https',
    );
  },
  TIMEOUT,
);

/** The names of the Service's ports that routes go to. */
function backendsOf(objects: KubeObject[]): (string | undefined)[] {
  const ports = ofKind<IService>(objects, 'Service')[0]?.spec?.ports ?? [];
  const nameOf = (number: number) => ports.find(({ port }) => port === number)?.name;
  interface Route {
    spec: { rules: { backendRefs: { port: number }[] }[] };
  }
  return [
    ...ofKind<IIngress>(objects, 'Ingress')
      .flatMap(({ spec }) => spec?.rules ?? [])
      .flatMap(({ http }) => http?.paths ?? [])
      .map(({ backend }) => backend.service?.port?.name),
    ...ofKind<Route>(objects, 'HTTPRoute')
      .flatMap(({ spec }) => spec.rules)
      .flatMap(({ backendRefs }) => backendRefs.map(({ port }) => nameOf(port))),
  ];
}
