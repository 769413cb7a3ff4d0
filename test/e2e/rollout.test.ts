import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IPodSpec } from 'kubernetes-models/v1';
import { parseManifests } from '../../scripts/helm.ts';
import { podSecurityViolations } from '../support/pod-security.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const IMAGE = 'registry.example.com:5000/orders:1.2.3';
const CLEAN = { verdict: 'nothing lost', passed: true, sent: 4000, ok: 4000, lost: 0, firstLosses: [] };
const LOSS = { kind: 'fresh', cause: 'refused', at: 1.5 };
const LOST = {
  ...CLEAN,
  verdict: 'lost',
  passed: false,
  lost: 1,
  byCause: { refused: 1 },
  firstLosses: [LOSS],
};

/** A pod as `kubectl get --watch` writes it while it leaves. */
function leaving(name: string, exitCode?: number): string {
  const message = JSON.stringify({ outcome: exitCode === 0 ? 'clean' : 'cut' });
  const state = exitCode === undefined ? { running: {} } : { terminated: { exitCode, message } };
  const metadata = { name, deletionTimestamp: '2026-01-01T00:00:00Z' };
  return `${JSON.stringify({ metadata, status: { containerStatuses: [{ state }] } }, undefined, 4)}\n`;
}

// What rollout.sh does with a cluster is seen in a cluster; here is what it asks for, and what it makes of the answers.
describe('rollout.sh with stubs for kubectl and helm', () => {
  let stub: string;
  const put = (name: string, content = '') => writeFileSync(join(stub, name), content);
  const got = (name: string) => readFileSync(join(stub, name), 'utf8');
  const calls = () => got('calls').trim().split('\n');

  beforeEach(() => {
    stub = mkdtempSync(join(tmpdir(), 'rollout-'));
    put('verdict', `${JSON.stringify(CLEAN)}\n`);
    put('watched', leaving('e2e-0') + leaving('e2e-0', 0));
    put('calls');
  });
  afterEach(() => rmSync(stub, { recursive: true }));

  async function rollout(args: string[], env: Record<string, string> = {}) {
    const child = spawn(join(HERE, 'rollout.sh'), ['--out', join(stub, 'out'), ...args], {
      env: { PATH: `${join(HERE, 'stubs')}:${process.env['PATH']}`, STUB: stub, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number];
    return { code, said };
  }

  test('passes when nothing is lost and the pods leave with exit code 0, and says so', async () => {
    const { code, said } = await rollout(['--image', IMAGE, 'rollout', 'scale-down', 'single-replica']);

    expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('passed: rollout scale-down') });
    expect(said).toContain('e2e-0 left: exit code 0, clean');
    const replicas = calls().flatMap((call) => /helm upgrade.*replicaCount=(\d)/.exec(call)?.[1] ?? []);
    expect(replicas).toEqual(['3', '4', '1', '1']);
    expect(calls().filter((call) => call.includes('rollout restart'))).toHaveLength(2);
    expect(JSON.parse(got('out/rollout.json'))).toMatchObject({ passed: true, pods: [{ exitCode: 0 }] });
  });

  test('the change comes when the load is there, and the load ends after it', async () => {
    await rollout(['--image', IMAGE, 'rollout']);

    const order = [
      'helm upgrade',
      'create configmap',
      'logs e2e-load',
      '--watch',
      'rollout restart',
      'exec e2e-load',
    ];
    const at = order.map((part) => calls().findIndex((call) => call.includes(part)));
    expect(at).not.toContain(-1);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(calls().find((call) => call.includes('create configmap'))).toMatch(
      /--from-file=\S+\/load\.mjs --from-file=\S+\/src\/service\/paths\.json$/,
    );
  });

  test('one lost request fails it, after the other scenarios, and names the loss', async () => {
    put('verdict', `${JSON.stringify(LOST)}\n`);
    const { code, said } = await rollout(['--image', IMAGE, 'rollout', 'scale-down']);

    expect(code).toBe(1);
    expect(said).toContain('failed: rollout scale-down');
    expect(said).toContain('"cause":"refused"');
  });

  test.each([
    ['a load that ended without a verdict', 'verdict', 'Killed\n', 'the load has no verdict'],
    ['a pod that cut requests that nobody missed', 'watched', leaving('e2e-1', 80), 'exit code 80, cut'],
    ['a scenario in which no pod left', 'watched', '{"metadata":{"name":"e2e-0"}}\n', 'no pod has left'],
  ])('%s fails it', async (_what, file, content, message) => {
    put(file, content);
    const { code, said } = await rollout(['--image', IMAGE, 'rollout']);
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(message) });
  });

  test('the planted scenario takes the window away, and passes only with losses', async () => {
    const planted = { ...LOST, passed: true };
    put('verdict', `${JSON.stringify(planted)}\n`);
    put('watched', leaving('e2e-1', 80));
    expect((await rollout(['--image', IMAGE, 'planted'])).code).toBe(0);
    expect(got('calls')).toContain('shutdown.window=0');
    expect(got('applied')).toContain('--expect-losses');

    put('verdict', `${JSON.stringify({ ...CLEAN, passed: false })}\n`);
    expect((await rollout(['--image', IMAGE, 'planted'])).code).toBe(1);
  });

  describe('cleans up', () => {
    test('the namespace that it has made, also after a failure, with the events written down before', async () => {
      put('stuck');
      const { code } = await rollout(['--image', IMAGE, 'rollout']);

      expect(code).not.toBe(0);
      expect(calls().at(-1)).toMatch(/^kubectl delete namespace service-e2e/);
      expect(existsSync(join(stub, 'out/events.txt'))).toBe(true);
    });

    test('only its release in a namespace that was there before', async () => {
      put('namespace');
      await rollout(['--image', IMAGE, '--namespace', 'shop', 'rollout']);

      expect(got('calls')).not.toMatch(/(create|delete) namespace/);
      expect(calls().at(-1)).toBe('helm uninstall e2e --namespace shop');
    });
  });

  test('with --template, helm only renders', async () => {
    put('namespace');
    const { code } = await rollout(['--image', IMAGE, '--template', '--values', 'old.yaml', 'rollout']);

    expect(code).toBe(0);
    const helm = calls().filter((call) => call.startsWith('helm '));
    expect(helm).toEqual([expect.stringMatching(/^helm template --no-hooks e2e .* --values old\.yaml/)]);
    expect(got('applied')).toContain('kind: Deployment');
    expect(calls().at(-1)).toContain('delete deployment,service');
  });

  test.each([
    [IMAGE, 'registry.example.com:5000/orders', '1.2.3', undefined],
    ['registry.example.com:5000/orders', 'registry.example.com:5000/orders', '', undefined],
    ['ghcr.io/a/b@sha256:abc', 'ghcr.io/a/b', '', 'sha256:abc'],
    ['ghcr.io/a/b:1@sha256:abc', 'ghcr.io/a/b', '1', 'sha256:abc'],
  ])('the image %s is given to the chart in its parts', async (image, repository, tag, digest) => {
    await rollout(['--image', image, 'rollout']);

    const words = (calls().find((call) => call.startsWith('helm upgrade')) ?? '').split(' ');
    expect(words).toContain(`image.repository=${repository}`);
    expect(words).toContain(`image.tag=${tag}`);
    expect(words.find((word) => word.startsWith('image.digest='))).toBe(digest && `image.digest=${digest}`);
  });

  test.each([
    [
      'kind, if the cluster is one of its own',
      'kind-e2e',
      {},
      'kind load image-archive --name e2e image.tar',
    ],
    ['ctr otherwise', 'somewhere', {}, 'ctr --namespace k8s.io images import image.tar'],
    ['the command in LOAD', 'kind-e2e', { LOAD: 'ctr -a sock' }, 'ctr -a sock image.tar'],
  ])('an archive is loaded by %s', async (_what, context, env, call) => {
    put('context', context);
    await rollout(['--image', IMAGE, '--archive', 'image.tar', 'rollout'], env);
    expect(calls()).toContain(call);
  });

  test('the load is a pod of the image, restricted, which calls the Service by its address', async () => {
    put('ip', 'fd00::7');
    await rollout(['--image', IMAGE, '--rate', '50', '--node', '/usr/bin/node', 'rollout']);

    const [pod] = parseManifests(got('applied')) as unknown as { spec: IPodSpec }[];
    expect(podSecurityViolations(pod?.spec as IPodSpec)).toEqual([]);
    const [container] = pod?.spec.containers ?? [];
    expect(container?.image).toBe(IMAGE);
    expect(container?.command?.slice(0, 5)).toEqual([
      '/usr/bin/node',
      '/e2e/load.mjs',
      'http://[fd00::7]:80',
      '--rate',
      '50',
    ]);
  });

  test.each([
    ['no image', []],
    ['an unknown scenario', ['--image', IMAGE, 'role-out']],
    ['an option without its value', ['--image']],
  ])('%s is wrong usage, and nothing is touched', async (_what, args) => {
    const { code, said } = await rollout(args);
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining('usage: rollout.sh') });
    expect(got('calls')).toBe('');
  });
});
