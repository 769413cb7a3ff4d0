import { expect, test } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { type KubeObject, notes, ofKind, render } from '../../scripts/helm.ts';
import { knownOf } from '../support/extras.ts';
import { renderEach } from '../support/releases.ts';

const TIMEOUT = 60_000;

const deploymentOf = (objects: KubeObject[] | undefined) =>
  ofKind<IDeployment>(objects ?? [], 'Deployment')[0];

test(
  'Recreate has nothing of a rolling update, and NOTES.txt says what it costs',
  async () => {
    const values = { strategy: { type: 'Recreate' } };
    expect(deploymentOf(await render({ values }))?.spec?.strategy).toEqual({ type: 'Recreate' });
    expect(await notes({ values })).toContain(
      'NOTE  strategy.type is Recreate: in a rollout nobody is served',
    );
  },
  TIMEOUT,
);

test(
  'Reloader is told of what the environment reads, and of nothing that is read again or has a checksum',
  async () => {
    const read = {
      tls: { enabled: true, secretName: 'certificate' },
      configFiles: { data: { 'a.json': '{}' } },
      extraVolumes: [{ name: 'keys', secret: { secretName: 'mounted' } }],
      extraEnvFrom: [{ secretRef: { name: 'database' } }, { configMapRef: { name: 'shared' } }],
      extraEnv: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'api', key: 'other' } } },
        { name: 'C', value: 'c' },
      ],
    };
    const [on, off, idle] = await renderEach([
      { ...knownOf(read), reloader: { enabled: true } },
      knownOf(read),
      { reloader: { enabled: true }, deploymentAnnotations: { 'example.com/pager': 'shop' } },
    ]);
    expect(deploymentOf(on)?.metadata?.annotations).toEqual({
      'secret.reloader.stakater.com/reload': 'database,api',
      'configmap.reloader.stakater.com/reload': 'shared',
    });
    expect(deploymentOf(off)?.metadata?.annotations).toBeUndefined();
    expect(deploymentOf(idle)?.metadata?.annotations).toEqual({ 'example.com/pager': 'shop' });
  },
  TIMEOUT,
);
