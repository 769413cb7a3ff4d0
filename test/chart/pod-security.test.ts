import { describe, expect, test } from '@jest/globals';
import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IPod, IPodSpec } from 'kubernetes-models/v1';
import { CI_VALUES } from '../support/ci-values.ts';
import { ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { podSecurityViolations } from '../support/pod-security.ts';

const TIMEOUT = 60_000;

describe.each(CI_VALUES)('with the values of helm/ci/%s', (_name, file) => {
  test(
    'every pod meets the "restricted" standard',
    async () => {
      const objects = await render({ files: [file] });
      const specs = [
        podSpecOf(objects).spec,
        ...ofKind<IPod>(objects, 'Pod').map(({ spec }) => spec as IPodSpec),
        ...ofKind<IJob>(objects, 'Job').map(({ spec }) => spec?.template.spec as IPodSpec),
        ...ofKind<ICronJob>(objects, 'CronJob').map(
          ({ spec }) => spec?.jobTemplate.spec?.template.spec as IPodSpec,
        ),
      ];
      expect(specs.length).toBeGreaterThanOrEqual(2);
      for (const spec of specs) expect(podSecurityViolations(spec)).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    'the service itself gets nothing to write to but /tmp and what was mounted, and no token',
    async () => {
      const { spec, container } = podSpecOf(await render({ files: [file] }));
      expect(container.securityContext?.readOnlyRootFilesystem).toBe(true);
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(container.volumeMounts?.[0]).toEqual({ name: 'tmp', mountPath: '/tmp' });
    },
    TIMEOUT,
  );
});

test(
  'users and groups can be left to the platform, root cannot be asked for',
  async () => {
    const free = { runAsUser: null, runAsGroup: null };
    const { spec } = podSpecOf(await render({ values: { security: free } }));
    expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    await expect(render({ values: { security: { runAsUser: 0 } } })).rejects.toThrow('runAsUser');
  },
  TIMEOUT,
);

/** A pod that meets the standard, to be spoiled. */
function restricted(): IPodSpec {
  return {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      { name: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
    ],
  };
}

test('a pod that meets the standard has no violation', () => {
  expect(podSecurityViolations(restricted())).toEqual([]);
});

test.each<[string, (pod: IPodSpec) => void]>([
  ['hostNetwork is on', (pod) => (pod.hostNetwork = true)],
  ['hostPID is on', (pod) => (pod.hostPID = true)],
  ['volume v is a hostPath', (pod) => (pod.volumes = [{ name: 'v', hostPath: { path: '/' } }])],
  ['the pod runs as root', (pod) => Object.assign(pod.securityContext ?? {}, { runAsUser: 0 })],
  [
    'sysctl kernel.msgmax is not safe',
    (pod) => Object.assign(pod.securityContext ?? {}, { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
  ],
  ['c: may run as root', (pod) => delete pod.securityContext?.runAsNonRoot],
  ['c: has seccomp profile none', (pod) => delete pod.securityContext?.seccompProfile],
  ['c: is privileged', (pod) => spoil(pod, { privileged: true })],
  ['c: allows privilege escalation', (pod) => spoil(pod, { allowPrivilegeEscalation: undefined })],
  ['c: does not drop all capabilities', (pod) => spoil(pod, { capabilities: { drop: ['NET_RAW'] } })],
  ['c: adds SYS_ADMIN', (pod) => spoil(pod, { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } })],
  ['c: runs as root', (pod) => spoil(pod, { runAsUser: 0 })],
  ['c: has seccomp profile Unconfined', (pod) => spoil(pod, { seccompProfile: { type: 'Unconfined' } })],
  ['c: sees the unmasked /proc', (pod) => spoil(pod, { procMount: 'Unmasked' })],
  [
    'c: takes host port 80',
    (pod) => Object.assign(pod.containers[0] ?? {}, { ports: [{ containerPort: 8080, hostPort: 80 }] }),
  ],
  [
    'c: has a probe or hook that goes to another host',
    (pod) =>
      Object.assign(pod.containers[0] ?? {}, { livenessProbe: { httpGet: { port: 1, host: '10.0.0.1' } } }),
  ],
])('the check sees it when %s', (violation, plant) => {
  const pod = restricted();
  plant(pod);
  expect(podSecurityViolations(pod)).toEqual([violation]);
});

function spoil(pod: IPodSpec, context: object): void {
  Object.assign(pod.containers[0]?.securityContext ?? {}, context);
}
