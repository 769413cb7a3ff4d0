import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from '@jest/globals';
import { Buildah, type ImageConfig } from './buildah.ts';
import { QUICK } from '../harness/environment.ts';
import { follow, type ServiceProcess } from '../harness/service.ts';
import { unlessMissing } from './skipping.ts';

/** An image that was built, and the folder that has its files. */
export interface Image {
  config: ImageConfig;
  root: string;
}

export interface Container extends ServiceProcess {
  /** What the kubelet would read. */
  terminationMessage: () => string;
  /** What the kernel says about PID 1, as in `man proc_pid_status`. */
  status: () => Record<string, string>;
}

interface Mount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

/** What a container has for itself, but the network: on this machine's, each gets free ports, and can be reached. */
const NAMESPACES = ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type }));
const NO_CAPABILITIES = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };

/** Folders of the containers that run, by their names. */
const running = new Map<string, string>();

afterEach(() => {
  for (const [id, folder] of running) {
    execFileSync('runc', ['--root', folder, 'delete', '--force', id], { stdio: 'pipe' });
    rmSync(folder, { recursive: true });
  }
  running.clear();
});

/**
 * Runs an image as a kubelet would have it run: by runc, with the command, the variables and the user that the image
 * names, as PID 1, without capabilities, in a file system where only /tmp and the termination message can be written.
 *
 * @param args in place of the image's own, like `args` of a pod
 */
export function startContainer(
  { config, root }: Image,
  env: Record<string, string> = {},
  args: string[] = config.Cmd,
): Container {
  const { id, folder } = newBundle();
  const terminationLog = join(folder, 'termination-log');
  writeFileSync(terminationLog, '');
  chmodSync(terminationLog, 0o666); // the kubelet does not know either which user it will be
  const [uid, gid] = config.User.split(':').map(Number);
  const command = {
    args: [...config.Entrypoint, ...args],
    env: [...config.Env, ...Object.entries({ ...QUICK, ...env }).map((entry) => entry.join('='))],
    cwd: config.WorkingDir,
    user: { uid, gid },
  };
  writeSpec(folder, command, root, [
    { destination: '/proc', type: 'proc', source: 'proc', options: [] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] },
    { destination: '/dev/termination-log', type: 'bind', source: terminationLog, options: ['bind'] },
  ]);

  // In the foreground, runc passes signals on to PID 1 and ends with its exit code.
  const runc = spawn('runc', runArguments(folder, id), { stdio: ['ignore', 'pipe', 'pipe'] });
  running.set(id, folder);
  return {
    ...follow(runc),
    terminationMessage: () => readFileSync(terminationLog, 'utf8'),
    status: () => {
      const state = execFileSync('runc', ['--root', folder, 'state', id], { encoding: 'utf8' });
      const { pid } = JSON.parse(state) as { pid: number };
      const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
      return Object.fromEntries(lines.map((line) => line.split(/:\s+/) as [string, string]));
    },
  };
}

/** `test` if images can be built and run on this machine, else `test.skip`. */
export function testWithContainers(): typeof test | typeof test.skip {
  return unlessMissing(test, 'tests of the image', findObstacle());
}

function findObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'they are for Linux on x64';
  if (process.getuid?.() !== 0) return 'they need root';
  const missing = ['buildah', 'runc'].filter((program) => spawnSync(program, ['--version']).status !== 0);
  if (missing.length > 0) {
    return `they need ${missing.join(' and ')} on PATH (Debian and Ubuntu: apt-get install buildah runc)`;
  }
  // Inside of a container, root often lacks the rights to make others. Neither try has anything to do with the image.
  const { id, folder } = newBundle();
  const buildah = new Buildah();
  try {
    buildah.mount('scratch');
    mkdirSync(join(folder, 'root'));
    const wholeMachine = { destination: '/', type: 'bind', source: '/', options: ['rbind', 'ro'] };
    writeSpec(folder, { args: ['/bin/true'], cwd: '/' }, 'root', [wholeMachine]);
    execFileSync('runc', runArguments(folder, id), { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    buildah.remove();
    rmSync(folder, { recursive: true });
  }
}

function newBundle(): { id: string; folder: string } {
  return { id: `service-${randomUUID()}`, folder: mkdtempSync(join(tmpdir(), 'container-')) };
}

function runArguments(folder: string, id: string): string[] {
  return ['--root', folder, 'run', '--bundle', folder, id];
}

/** Writes the runtime specification of the OCI: what containerd makes of a pod. */
function writeSpec(folder: string, command: { args: string[]; cwd: string }, root: string, mounts: Mount[]) {
  const spec = {
    ociVersion: '1.0.2',
    process: { user: {}, ...command, capabilities: NO_CAPABILITIES, noNewPrivileges: true },
    root: { path: root, readonly: true },
    mounts,
    linux: { namespaces: NAMESPACES },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spec));
}
