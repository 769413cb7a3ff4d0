// What the peers need: packages that are installed beside them, not with the template, and a toolchain.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Need = 'packages' | 'go';

const ROOT = new URL('../../', import.meta.url);
const FOLDER = new URL('peers/', import.meta.url);
const LOCK = new URL('package-lock.json', FOLDER);
const INSTALLED = new URL('node_modules/.package-lock.json', FOLDER);
const CACHE = new URL('node_modules/.cache/bench/', ROOT);

export const GO_BINARY = fileURLToPath(new URL('go-peer', CACHE));

/**
 * Makes sure that it is there.
 *
 * @returns what is missing, in words; `undefined` if nothing is
 */
export function obstacleTo(need: Need): string | undefined {
  return need === 'go' ? buildGo() : installPackages();
}

function installPackages(): string | undefined {
  if (existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync(LOCK).mtimeMs) return undefined;
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return undefined;
  } catch (error) {
    return `npm ci in test/bench/peers has failed: ${(error as Error).message}`;
  }
}

function buildGo(): string | undefined {
  if (spawnSync('go', ['version']).error !== undefined)
    return 'go is not on PATH (Debian: apt-get install golang-go)';
  mkdirSync(CACHE, { recursive: true });
  const { status, stderr } = spawnSync('go', ['build', '-o', GO_BINARY, '.'], {
    cwd: new URL('go/', FOLDER),
  });
  return status === 0 ? undefined : `go build has failed: ${String(stderr)}`;
}

/** Of what was measured, for the results. */
export function versionOf(module: string): string | undefined {
  for (const folder of [FOLDER, ROOT]) {
    const file = new URL(`node_modules/${module}/package.json`, folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return undefined;
}
