import { expect, test } from '@jest/globals';
import type { IJob } from 'kubernetes-models/batch/v1';
import { type KubeObject, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { expectRefused } from '../support/extras.ts';

const TIMEOUT = 60_000;
const ARGS = ['dist/service/postgres/migrate.js'];

const jobOf = (objects: KubeObject[]) => ofKind<IJob>(objects, 'Job')[0];

test(
  'migrations run before the pods of a release, in its image and with its variables',
  async () => {
    const extraEnvFrom = [{ secretRef: { name: 'database' } }];
    const objects = await render({ values: { migrations: { enabled: true, args: ARGS }, extraEnvFrom } });
    const job = jobOf(objects);
    const [container] = job?.spec?.template.spec?.containers ?? [];

    expect(job?.metadata?.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(container).toMatchObject({ args: ARGS, envFrom: extraEnvFrom });
    expect(container?.image).toBe(podSpecOf(objects).container.image);
  },
  TIMEOUT,
);

test(
  'they use nothing of the release, which is not there yet, and the account that is',
  async () => {
    const specOf = async (serviceAccount: object) => {
      const values = { migrations: { enabled: true, args: ARGS }, serviceAccount };
      return jobOf(await render({ values }))?.spec?.template.spec;
    };

    expect((await specOf({}))?.serviceAccountName).toBeUndefined();
    expect((await specOf({ create: false, name: 'shared' }))?.serviceAccountName).toBe('shared');
    expect((await specOf({}))?.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }]);
  },
  TIMEOUT,
);

test('there are none by default', async () => expect(jobOf(await render())).toBeUndefined(), TIMEOUT);

test(
  'migrations that run nothing do not render, and helm says why',
  async () => {
    await expect(render({ values: { migrations: { enabled: true } } })).rejects.toThrow(/migrations\.args/);
  },
  TIMEOUT,
);

test('migrations.command is refused, by name', async () => expectRefused('migrations.command', []), TIMEOUT);
