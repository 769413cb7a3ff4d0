import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { IApplication } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
import type { IHelmRelease } from '@kubernetes-models/flux-cd/helm.toolkit.fluxcd.io/v2';
import type { IOCIRepository } from '@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { parse } from 'yaml';
import { ofKind, render } from '../../scripts/helm.ts';
import { DEPLOYED } from '../support/deploy.ts';

const { name: CHART } = parse(readFileSync('helm/Chart.yaml', 'utf8')) as { name: string };
const DIGEST = /sha256:[0-9a-f]{64}/;

/** What both tools say, in their own words. */
const deployed = DEPLOYED.map(({ file, objects }) => {
  const [application] = ofKind<IApplication>(objects, 'Application');
  const [repository] = ofKind<IOCIRepository>(objects, 'OCIRepository');
  const [release] = ofKind<IHelmRelease>(objects, 'HelmRelease');
  const source = application?.spec.source;
  return {
    file,
    stage: file.replace(/^.*\/(.*)\.yaml$/, '$1'),
    url: source?.repoURL ?? repository?.spec?.url,
    version: source?.targetRevision ?? repository?.spec?.ref?.digest ?? repository?.spec?.ref?.semver,
    namespace: application?.spec.destination.namespace ?? release?.metadata?.namespace,
    values: (source?.helm?.valuesObject ?? release?.spec?.values) as object,
    subject: repository?.spec?.verify?.matchOIDCIdentity?.[0]?.subject,
  };
});

test('staging follows the releases, and production has a digest', () => {
  expect(deployed.map(({ file }) => file)).toEqual(
    ['argo-cd', 'flux'].flatMap((tool) => [`deploy/${tool}/production.yaml`, `deploy/${tool}/staging.yaml`]),
  );
  const wanted = { staging: /^\*$/, production: DIGEST };
  for (const { stage, url, version, namespace } of deployed) {
    expect(url).toMatch(new RegExp(`^oci://.+/charts/${CHART}$`));
    expect(namespace).toBe(`${CHART}-${stage}`);
    expect(version).toMatch(wanted[stage as keyof typeof wanted]);
  }
});

test('what is installed was signed by the workflow that signs charts', () => {
  const subjects = deployed.flatMap(({ subject }) => subject ?? []);
  expect(subjects).toHaveLength(2);
  const [, signer = ''] = /(https:\S+release\.yaml@\S+)/.exec(readFileSync('SECURITY.md', 'utf8')) ?? [];
  for (const subject of subjects) expect(signer).toMatch(new RegExp(subject));
});

test.each(deployed)(
  'the chart takes the values in $file, and they change what it renders',
  async ({ values }) => {
    const rendered = await render({ values });
    expect(ofKind<IDeployment>(rendered, 'Deployment')).toHaveLength(1);
    expect(rendered).not.toEqual(await (defaults ??= render()));
  },
);
let defaults: ReturnType<typeof render> | undefined;

describe('the commands of docs/releasing.md', () => {
  test.each(deployed.filter(({ stage }) => stage === 'production'))(
    'promote $file to a digest',
    ({ file }) => {
      const page = readFileSync('docs/releasing.md', 'utf8');
      const [, command = ''] = /^(sed -i .*) deploy\/\S+\/production\.yaml$/m.exec(page) ?? [];
      const folder = mkdtempSync(join(tmpdir(), 'promotion-'));
      try {
        const copy = join(folder, 'production.yaml');
        const before = readFileSync(file, 'utf8');
        writeFileSync(copy, before);
        const digest = `sha256:${'d'.repeat(64)}`;
        execFileSync('bash', ['-ec', `digest=${digest}\n${command} ${copy}`]);
        expect(readFileSync(copy, 'utf8')).toBe(before.replace(DIGEST, digest));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
