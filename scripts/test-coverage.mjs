// `npm test`, and which lines of src/ it has run, in services that tests have started, too: `npm run test:coverage`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Each process leaves a file in it. */
const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
const { status } = spawnSync('npm', ['test', '--', ...process.argv.slice(2)], {
  env: { ...process.env, SERVICE_COVERAGE: folder },
  stdio: 'inherit',
});
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
