import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Package {
  version?: string;
  /** Of a workspace: a link to its folder. */
  link?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}
type Packages = Record<string, Package | undefined>;

/** `node_modules/express 5.3.0`, for everything that a lockfile of npm has but its root. */
export function versionsIn(file: string): string[] {
  const packages = packagesOf(file);
  return Object.keys(packages)
    .filter((path) => path !== '')
    .map((path) => `${path} ${packages[path]?.version}`)
    .sort();
}

/** The same of what the root needs in production: the lockfile's own `dev` is about workspaces, too. */
export function productionOf(folder: string): string[] {
  const packages = packagesOf(join(folder, 'package-lock.json'));
  const found = new Set<string>();
  const visit = (path: string) => {
    for (const name of needsOf(packages[path] ?? {})) {
      const at = resolved(packages, path, name);
      if (at === undefined || found.has(at)) continue;
      found.add(at);
      visit(at);
    }
  };
  visit('');
  return [...found].map((path) => `${path} ${packages[path]?.version}`).sort();
}

/** Names of the packages that a workspace has of its own, and the root does not need in production. */
export function ownOfWorkspace(folder: string, workspace: string): string[] {
  const packages = packagesOf(join(folder, 'package-lock.json'));
  const production = new Set(productionOf(folder).map((entry) => entry.split(' ')[0]));
  return Object.keys(packages[workspace]?.dependencies ?? {}).filter(
    (name) => !production.has(`node_modules/${name}`),
  );
}

function packagesOf(file: string): Packages {
  return (JSON.parse(readFileSync(file, 'utf8')) as { packages: Packages }).packages;
}

function needsOf({
  dependencies,
  optionalDependencies,
  peerDependencies,
  peerDependenciesMeta,
}: Package): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {}), ...peers];
}

/** Where Node would find it: in the nearest node_modules that has it, upwards. */
function resolved(packages: Packages, from: string, name: string): string | undefined {
  for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))) {
    const at = `${path === '' ? '' : `${path}/`}node_modules/${name}`;
    if (packages[at] !== undefined) return at;
    if (path === '') return undefined;
  }
}
