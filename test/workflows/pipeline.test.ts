import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { KUBE_VERSIONS } from '../support/ci-values.ts';
import { testWith } from '../support/programs.ts';
import { Runner, stepOf } from '../support/steps.ts';
import { actions, type Job, jobs, ROOT, steps, workflows } from '../support/workflows.ts';

const testWherePossible = testWith('jq');
const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const IMAGE = 'ghcr.io/acme/orders';
const ROLLED_OUT = '${{ needs.image.outputs.digest }}';

const workflow = (name: string) => {
  const found = workflows().find(({ file }) => file === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};
const ci = workflow('ci.yaml').jobs;

/** The jobs that must have ended before this one begins. */
function before(name: string): string[] {
  const needs = [ci[name]?.needs ?? []].flat();
  return [...new Set([...needs, ...needs.flatMap(before)])];
}

describe('what is tested is what is published:', () => {
  const builds = /docker\/build-push-action@|\.\/\.github\/actions\/build$/;
  const builtBy = (job: Job) =>
    job.steps?.some(
      ({ uses = '', run = '' }) => builds.test(uses) || /\b(docker|buildx|buildah) build\b/.test(run),
    );

  test('one job builds, and the only other build is compared with what is published', () => {
    const building = jobs().filter(({ job }) => builtBy(job));
    expect(building.map(({ at }) => at)).toEqual(['image.yaml: build', 'rescan.yaml: rebuild']);
    expect(building[1]?.job.permissions).toEqual({ contents: 'read', packages: 'read' });
  });

  test('no build pushes, or gives a tag', () => {
    const build = actions()
      .find(({ name }) => name === 'build')
      ?.runs.steps.find(({ uses }) => builds.test(uses ?? ''));
    expect(build?.with).not.toHaveProperty('push');
    expect(build?.with).not.toHaveProperty('tags');
    expect(build?.with?.['outputs']).toMatch(/^type=oci,/);
  });

  test('the digest of the build is the one that is rolled out, published and promoted', () => {
    expect(workflow('image.yaml').on['workflow_call']).toMatchObject({
      outputs: { digest: { value: '${{ jobs.build.outputs.digest }}' } },
    });
    expect(workflow('image.yaml').jobs['build']?.outputs).toEqual({
      digest: '${{ steps.digest.outputs.digest }}',
    });
    for (const name of ['e2e', 'publish', 'promote']) {
      expect(ci[name]?.uses).toBe(`./.github/workflows/${name}.yaml`);
      expect(ci[name]?.with).toMatchObject({ digest: ROLLED_OUT });
    }
  });

  test('no step of those three knows a digest but the one that they are given', () => {
    const given = ['e2e.yaml', 'publish.yaml', 'promote.yaml'].flatMap((file) =>
      Object.values(workflow(file).jobs).flatMap((job) => job.steps ?? []),
    );
    const digests = given.flatMap(({ env, with: options }) => [env?.['DIGEST'], options?.['subject-digest']]);
    expect(new Set(digests)).toEqual(new Set([undefined, '${{ inputs.digest }}']));
    expect(digests.filter((digest) => digest !== undefined).length).toBeGreaterThan(5);
  });

  test('a tag needs the scan and the rollout', () => {
    const promoting = Object.keys(ci).filter((name) => ['promote', 'release'].includes(name));
    expect(promoting).toHaveLength(2);
    for (const name of promoting)
      expect(before(name)).toEqual(expect.arrayContaining(['gate', 'image', 'e2e']));
    expect(before('gate')).toEqual(expect.arrayContaining(['image', 'e2e']));
    const [scan] = workflow('image.yaml').jobs['scan']?.steps?.slice(-1) ?? [];
    expect(scan?.with).toMatchObject({ input: 'image', 'exit-code': '1' });
  });

  test('only promote.yaml gives tags, to what is signed and stays the same', () => {
    const pushing = steps().filter(({ step }) =>
      /\b(skopeo copy|docker push|imagetools create)\b/.test(step.run ?? ''),
    );
    expect(pushing.map(({ at }) => at.split(',')[0])).toEqual([
      'e2e.yaml: rollout',
      'promote.yaml: tags',
      'publish.yaml: image',
    ]);
    for (const { step } of pushing) expect(step.run).toContain('--all --preserve-digests');
    const names = workflow('promote.yaml').jobs['tags']?.steps?.map(({ name }) => name);
    expect(names?.slice(-2)).toEqual(['Signed by publish.yaml on main, or it gets no tag', 'Tag']);
  });
});

describe('from the build to the tag of a release', () => {
  const digest = stepOf('image.yaml', 'build', 'digest');
  const toCluster = stepOf('e2e.yaml', 'rollout', 'Into the registry of the cluster');
  const rollOut = stepOf('e2e.yaml', 'rollout', 'Not one request is lost');
  const push = stepOf('publish.yaml', 'image', 'Push');
  const sign = stepOf('publish.yaml', 'image', 'Sign');
  const verify = stepOf('promote.yaml', 'tags', 'Signed by publish.yaml on main, or it gets no tag');
  const tag = stepOf('promote.yaml', 'tags', 'Tag');
  let runner: Runner;

  beforeEach(() => {
    runner = new Runner();
    mkdirSync(join(runner.folder, 'image'));
    runner.write('image/index.json', JSON.stringify({ manifests: [{ digest: DIGEST }] }));
    runner.write('signed', '');
  });
  afterEach(() => runner.remove());

  testWherePossible('it is the same digest everywhere', () => {
    const built = runner.run(digest).outputs['digest'] ?? '';
    expect(built).toBe(DIGEST);
    const env = { IMAGE, DIGEST: built };
    expect(runner.run(toCluster, env).code).toBe(0);
    expect(runner.published(`service@${DIGEST}`)).toBe(DIGEST);
    mkdirSync(join(runner.folder, 'test/e2e'), { recursive: true });
    runner.write('test/e2e/rollout.sh', 'echo "rolled out $*" >>"$STUB/calls"', 0o755);
    expect(runner.run(rollOut, env).code).toBe(0);
    expect(runner.calls().at(-1)).toContain(`--image kind-registry:5000/service@${DIGEST} `);

    for (const step of [push, sign, verify]) expect(runner.run(step, env).code).toBe(0);
    expect(runner.run(tag, { ...env, TAGS: '1.2.3 1.2' }).code).toBe(0);
    expect(runner.published('orders:1.2.3')).toBe(DIGEST);
    expect(runner.published('orders:1.2')).toBe(DIGEST);
  });

  testWherePossible('another image than the one that was rolled out is not published', () => {
    runner.write('image/index.json', JSON.stringify({ manifests: [{ digest: OTHER }] }));
    for (const step of [toCluster, push]) expect(runner.run(step, { IMAGE, DIGEST }).code).toBe(1);
    expect(runner.published(`orders@${DIGEST}`)).toBeUndefined();
  });

  testWherePossible('a folder with more than one image, or none, is no build', () => {
    for (const manifests of [[], [{ digest: DIGEST }, { digest: OTHER }]]) {
      runner.write('image/index.json', JSON.stringify({ manifests }));
      expect(runner.run(digest).code).not.toBe(0);
    }
  });

  testWherePossible('what is not signed gets no tag', () => {
    runner.run(push, { IMAGE, DIGEST });
    expect(runner.run(verify, { IMAGE, DIGEST }).code).toBe(1);
    expect(runner.calls().at(-1)).toContain(
      '--certificate-identity https://github.com/Acme/Orders/.github/workflows/publish.yaml@refs/heads/main',
    );
  });

  testWherePossible('a tag that can not be given ends it', () => {
    expect(runner.run(tag, { IMAGE, DIGEST, TAGS: '1.2.3' }).code).toBe(1);
  });
});

describe('a release', () => {
  const version = stepOf('release.yaml', 'version', 'version');
  const find = stepOf('release.yaml', 'image', 'find');
  let runner: Runner;
  beforeEach(() => {
    runner = new Runner();
  });
  afterEach(() => runner.remove());

  test.each([
    ['v1.2.3', '1.2.3', '1.2.3 1.2'],
    ['v2.0.0-rc.1', '2.0.0-rc.1', '2.0.0-rc.1'],
  ])('%s has the version %s and the tags %s', (TAG, expected, tags) => {
    expect(runner.run(version, { TAG })).toMatchObject({
      code: 0,
      outputs: { tag: `refs/tags/${TAG}`, version: expected, tags },
    });
  });

  test.each(['1.2.3', 'v1.2', 'v1.2.3; rm', 'main'])('%s is the tag of none', (TAG) => {
    expect(runner.run(version, { TAG }).code).toBe(1);
  });

  testWherePossible('takes the image of the commit that it tags, and none if there is none', () => {
    const revision = 'c0ffee';
    const git = 'git() { echo c0ffee; }\n';
    const step = { run: git + find.run };
    expect(runner.run(step, { IMAGE })).toMatchObject({ code: 1, said: expect.stringContaining(revision) });
    mkdirSync(join(runner.folder, 'registry'));
    runner.write(`registry/orders:sha-${revision}`, DIGEST);
    expect(runner.run(step, { IMAGE })).toMatchObject({ code: 0, outputs: { digest: DIGEST } });
    expect(ci['promote']?.with?.['tags']).toContain('sha-${{ github.sha }}');
  });
});

describe('the weekly scan', () => {
  const list = stepOf('rescan.yaml', 'published', 'list');
  const issue = stepOf('rescan.yaml', 'scan', 'An issue as long as there are any');
  const env = { IMAGE: `${IMAGE}:1.2.3`, DIGEST };
  const TITLE = `Known vulnerabilities in ${IMAGE}:1.2.3`;
  const sarif = (...results: object[]) => JSON.stringify({ runs: [{ results }] });
  const found = {
    ruleId: 'CVE-2026-1',
    message: { text: 'Package: zlib\nSeverity: HIGH\nFixed Version: 1.3' },
  };
  let runner: Runner;
  beforeEach(() => {
    runner = new Runner();
    runner.write('issues', JSON.stringify([{ number: 3, title: `${TITLE}.4` }]));
    runner.write('found.sarif', sarif());
  });
  afterEach(() => runner.remove());

  testWherePossible('is of the last releases, and of none if there was none', () => {
    runner.write('releases', '["1.3.0","1.2.3"]');
    expect(runner.run(list).outputs).toEqual({ versions: '["1.3.0","1.2.3"]', latest: '1.3.0' });
    runner.write('releases', '[]');
    expect(runner.run(list).outputs).toEqual({ versions: '[]', latest: '' });
    for (const name of ['scan', 'rebuild']) {
      expect(workflow('rescan.yaml').jobs[name]?.if).toBe("needs.published.outputs.latest != ''");
    }
  });

  testWherePossible('opens an issue for what it finds', () => {
    runner.write('found.sarif', sarif(found, found));
    expect(runner.run(issue, env).code).toBe(0);
    const calls = runner.read('calls');
    expect(calls).toContain(`gh issue create --title ${TITLE} --body In \`${DIGEST}\``);
    expect(calls.match(/- CVE-2026-1: Package: zlib, Severity: HIGH, Fixed Version: 1\.3/g)).toHaveLength(1);
  });

  testWherePossible('keeps the issue that is open up to date', () => {
    runner.write('issues', JSON.stringify([{ number: 4, title: TITLE }]));
    runner.write('found.sarif', sarif(found));
    expect(runner.run(issue, env).code).toBe(0);
    expect(runner.calls()[0]).toMatch(/^gh issue edit 4 --body /);
  });

  testWherePossible('closes the issue when nothing is left, and says nothing if there was none', () => {
    expect(runner.run(issue, env).code).toBe(0);
    expect(runner.calls()).toEqual([]);
    runner.write('issues', JSON.stringify([{ number: 4, title: TITLE }]));
    expect(runner.run(issue, env).code).toBe(0);
    expect(runner.calls()).toEqual([expect.stringMatching(/^gh issue close 4 /)]);
  });
});

test('what needs Advanced Security is left out in a private repository that has none', () => {
  const condition = "${{ !github.event.repository.private || vars.ADVANCED_SECURITY == 'true' }}";
  expect(workflow('codeql.yaml').jobs['analyze']?.if).toBe(condition);
  expect(workflow('dependency-review.yaml').jobs['review']?.if).toBe(condition);
  const uploads = steps().filter(({ step }) => step.uses?.startsWith('github/codeql-action/upload-sarif@'));
  expect(uploads.map(({ at }) => at.split(',')[0])).toEqual(['rescan.yaml: scan', 'scorecard.yaml: analyze']);
  for (const { step } of uploads) expect(step.if).toBe(condition);
});

test('one place names the registry', () => {
  const naming = steps().filter(({ step }) =>
    /docker\/login-action@|\bghcr\.io\b/.test(JSON.stringify(step)),
  );
  expect(new Set(naming.map(({ at }) => at.split(',')[0]))).toEqual(new Set(['actions/registry']));
  const [name] = actions().find((action) => action.name === 'registry')?.runs.steps ?? [];
  const runner = new Runner();
  try {
    expect(runner.run(name ?? {}).outputs['image']).toMatch(/^[a-z0-9.:-]+(\/[a-z0-9._-]+)+$/);
    const ecr = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders';
    expect(runner.run(name ?? {}, { IMAGE: ecr }).outputs).toEqual({
      image: ecr,
      registry: ecr.replace('/orders', ''),
    });
  } finally {
    runner.remove();
  }
});

test('rollouts are rehearsed on the oldest and the newest Kubernetes that the chart supports', () => {
  const { kubeVersion } = parse(readFileSync(join(ROOT, 'helm/Chart.yaml'), 'utf8')) as {
    kubeVersion: string;
  };
  const minor = (version = '') => /(\d+\.\d+)/.exec(version)?.[1];
  const supported = [minor(kubeVersion), minor(KUBE_VERSIONS.at(-1))];
  const clusters = workflow('e2e.yaml').jobs['rollout']?.strategy?.matrix['include'] as {
    kubernetes: string;
    node: string;
  }[];

  expect(clusters.map(({ kubernetes }) => minor(kubernetes))).toEqual(supported);
  for (const { kubernetes, node } of clusters) {
    expect(node).toMatch(new RegExp(`^kindest/node:v${kubernetes}@sha256:[0-9a-f]{64}$`));
  }
  const [, checked = ''] =
    /for version in (.*); do/.exec(readFileSync(join(ROOT, 'scripts/kubeconform.sh'), 'utf8')) ?? [];
  expect(checked.split(' ').map(minor)).toEqual(supported);
});
