import { execFileSync } from 'node:child_process';
import { bundleFixtures } from './fixture/bundle.mjs';

/** Compiles src/ to dist/ so that the process tests never run an old build. */
export default async function build() {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  await bundleFixtures(process.env.DIST ?? 'dist/');
}
