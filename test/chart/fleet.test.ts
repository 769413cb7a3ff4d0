import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IPod, IPodSpec, IServiceAccount } from 'kubernetes-models/v1';
import { CHART, type KubeObject, notes, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { renderEach } from '../support/releases.ts';

const TIMEOUT = 60_000;

/** The pods of a release: of the Deployment, of helm test, of its Jobs and CronJobs. */
function podsOf(objects: KubeObject[]): IPodSpec[] {
  return [
    podSpecOf(objects).spec,
    ...ofKind<IPod>(objects, 'Pod').map(({ spec }) => spec as IPodSpec),
    ...ofKind<IJob>(objects, 'Job').map(({ spec }) => spec?.template.spec as IPodSpec),
    ...ofKind<ICronJob>(objects, 'CronJob').map(
      ({ spec }) => spec?.jobTemplate.spec?.template.spec as IPodSpec,
    ),
  ];
}

describe('what is set for all releases at once is in everything that a release has', () => {
  let objects: KubeObject[] = [];
  beforeAll(async () => {
    // Its own objects are as their templates say.
    const values = { extraObjects: [], image: { repository: 'registry.example.com/shop/service' } };
    objects = await render({ files: [join(CHART, 'ci/everything-values.yaml')], values });
  }, TIMEOUT);

  test('namespaceOverride is the namespace of every object, and of what asks for it', () => {
    const elsewhere = objects.filter(
      ({ metadata }) => (metadata as { namespace?: string }).namespace !== 'shop',
    );
    expect(elsewhere).toEqual([]);
    expect(JSON.stringify(objects)).not.toMatch(/namespace[^a-z]{1,6}default|-service\.default:/);
  });

  test('commonAnnotations are on every object, beside its own', () => {
    const without = objects.filter(({ metadata }) => metadata.annotations?.['example.com/owner'] !== 'shop');
    expect(without.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([]);
    const [pod] = ofKind(objects, 'Pod');
    expect(pod?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
  });

  test('every pod has the Secrets of all releases and of its own, and the placement', () => {
    const pods = podsOf(objects);
    expect(pods.length).toBeGreaterThanOrEqual(2);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        imagePullSecrets: [{ name: 'mirror' }, { name: 'registry' }],
        priorityClassName: 'high',
        runtimeClassName: 'gvisor',
        dnsPolicy: 'Default',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
      });
    }
  });

  test('every pod has the image of the other registry', () => {
    const images = podsOf(objects).map(({ containers: [container] }) => container?.image);
    expect(new Set(images)).toEqual(new Set(['mirror.example.com/shop/service:0.1.0']));
  });
});

test(
  'the registry of all takes the place of the one in image.repository, if there is one',
  async () => {
    const cases = {
      'ghcr.io/team/service': 'mirror.example:5000/proxy/team/service:1',
      'localhost/service': 'mirror.example:5000/proxy/service:1',
      'registry:5000/service': 'mirror.example:5000/proxy/service:1',
      'my.service': 'mirror.example:5000/proxy/my.service:1',
      'team/service': 'mirror.example:5000/proxy/team/service:1',
      service: 'mirror.example:5000/proxy/service:1',
    };
    const releases = await renderEach(
      Object.keys(cases).map((repository) => ({
        image: { repository, tag: '1' },
        global: { imageRegistry: 'mirror.example:5000/proxy/' },
      })),
    );
    expect(releases.map((objects) => podSpecOf(objects).container.image)).toEqual(Object.values(cases));
  },
  TIMEOUT,
);

test(
  'a Secret that both name is there once, whether it is a name or an object',
  async () => {
    const values = { global: { imagePullSecrets: ['a', { name: 'b' }] }, imagePullSecrets: [{ name: 'a' }] };
    const { spec } = podSpecOf(await render({ values }));
    expect(spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }]);
  },
  TIMEOUT,
);

test(
  'NOTES.txt leads to where the release is',
  async () => {
    const text = await notes({ values: { namespaceOverride: 'shop' } });
    expect(text).toContain('is in namespace shop.');
    expect(text).toContain('kubectl --namespace shop port-forward');
  },
  TIMEOUT,
);

test(
  'only the pods of the service get the token of its account, and only if they ask for it',
  async () => {
    const objects = await render({
      files: [join(CHART, 'ci/everything-values.yaml')],
      values: { serviceAccount: { automount: true } },
    });
    expect(ofKind<IServiceAccount>(objects, 'ServiceAccount')[0]?.automountServiceAccountToken).toBe(true);
    const { spec } = podSpecOf(objects);
    expect(spec.automountServiceAccountToken).toBe(true);
    const hooks = podsOf(objects).filter((pod) => pod.serviceAccountName !== spec.serviceAccountName);
    expect(hooks.length).toBeGreaterThan(0);
    for (const pod of hooks) expect(pod.automountServiceAccountToken).toBe(false);
  },
  TIMEOUT,
);

test(
  'a pod that would find no name does not render',
  async () => {
    const none = { dnsPolicy: 'None' };
    await expect(render({ values: none })).rejects.toThrow('needs dnsConfig.nameservers');
    const { spec } = podSpecOf(
      await render({ values: { ...none, dnsConfig: { nameservers: ['10.0.0.2'] } } }),
    );
    expect(spec).toMatchObject({ dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.2'] } });
  },
  TIMEOUT,
);
