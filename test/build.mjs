import { execFileSync } from 'node:child_process';

/** Compiles src/ to dist/ so that the process tests never run an old build. */
export default function build() {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
