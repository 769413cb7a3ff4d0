import { expect, test } from '@jest/globals';
import type { ICronJob } from 'kubernetes-models/batch/v1';
import { type KubeObject, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { expectRefused } from '../support/extras.ts';

const TIMEOUT = 60_000;

const jobsOf = (objects: KubeObject[]) => ofKind<ICronJob>(objects, 'CronJob');
const podOf = (job: ICronJob | undefined) => job?.spec?.jobTemplate.spec?.template;

test(
  'a CronJob runs a command of the image as the service would, and gets none of its traffic',
  async () => {
    const values = {
      cronJobs: {
        'clean-up': { schedule: '0 3 * * *', args: ['dist/clean-up.js'], backoffLimit: 0 },
        report: { schedule: '@daily', command: ['/bin/report'], concurrencyPolicy: 'Allow' },
      },
      extraEnvFrom: [{ secretRef: { name: 'database' } }],
      configFiles: { data: { 'a.json': '{}' } },
      extraVolumes: [{ name: 'cache', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'cache', mountPath: '/var/cache' }],
    };
    const objects = await render({ values });
    const [cleanUp, report] = jobsOf(objects);
    const { spec, container } = podSpecOf(objects);
    const pod = podOf(cleanUp);
    const [task] = pod?.spec?.containers ?? [];

    expect(cleanUp?.spec).toMatchObject({
      schedule: '0 3 * * *',
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: { backoffLimit: 0 } },
    });
    expect(cleanUp?.metadata?.name).toMatch(/^rel-.*-clean-up$/);
    expect(task).toMatchObject({ name: 'clean-up', args: ['dist/clean-up.js'] });
    for (const field of [
      'image',
      'env',
      'envFrom',
      'securityContext',
      'volumeMounts',
      'resources',
    ] as const) {
      expect({ [field]: task?.[field] }).toEqual({ [field]: container[field] });
    }
    for (const field of [
      'serviceAccountName',
      'automountServiceAccountToken',
      'securityContext',
      'volumes',
      'terminationGracePeriodSeconds',
    ] as const) {
      expect({ [field]: pod?.spec?.[field] }).toEqual({ [field]: spec[field] });
    }
    expect(pod?.spec?.containers[0]?.lifecycle).toBeUndefined();
    expect(report?.spec?.concurrencyPolicy).toBe('Allow');
    expect(podOf(report)?.spec?.containers[0]).toMatchObject({ command: ['/bin/report'] });
    expect(podOf(report)?.metadata?.labels).not.toEqual(pod?.metadata?.labels);
  },
  TIMEOUT,
);

test(
  'resources of its own take the place of those of the service, and one that is null is none',
  async () => {
    const resources = { requests: { cpu: '1' } };
    const cronJobs = { a: { schedule: '@daily', args: ['a'], resources }, b: null };
    const jobs = jobsOf(await render({ values: { cronJobs } }));
    expect(jobs).toHaveLength(1);
    expect(podOf(jobs[0])?.spec?.containers[0]?.resources).toEqual(resources);
  },
  TIMEOUT,
);

test(
  'the name stays within what Kubernetes takes, however long the release is called',
  async () => {
    const cronJobs = { ['n'.repeat(40)]: { schedule: '@daily', args: ['a'] } };
    const values = { cronJobs, fullnameOverride: 'r'.repeat(52) };
    const [job] = jobsOf(await render({ values }));
    expect(job?.metadata?.name).toBe(`${'r'.repeat(11)}-${'n'.repeat(40)}`);
  },
  TIMEOUT,
);

test.each<[string, unknown]>([
  [`cronJobs.${'n'.repeat(41)}`, { schedule: '@daily', args: ['a'] }],
  ['cronJobs.Daily', { schedule: '@daily', args: ['a'] }],
  ['cronJobs.daily', { schedule: '@daily' }],
  ['cronJobs.daily.image', 'other'],
])('%s: %j is refused, by name', async (path, value) => expectRefused(path, value), TIMEOUT);
