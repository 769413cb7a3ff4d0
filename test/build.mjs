import { execFileSync } from 'node:child_process';
import { bundleFixtures } from './fixture/bundle.mjs';

/** Compiles src/ to dist/ so that the process tests never run an old build; scripts/test-all.mjs needs only one. */
export default async function build() {
  const { BUILT: built } = process.env;
  delete process.env.BUILT; // nothing for tests that run others
  if (built !== undefined) return;
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  await bundleFixtures(process.env.DIST ?? 'dist/');
}
