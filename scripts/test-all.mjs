// Runs every test that Jest has, the fast ones first, and ends with one line about all of them: `npm run test:all`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inWords } from '../test/tally-reporter.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tally-'));
const sum = { passed: 0, failed: 0, skipped: 0 };
let succeeded = true;
for (const script of ['test', 'test:slow', 'test:copies']) {
  const file = join(folder, 'tally.json');
  const { status } = spawnSync('npm', ['run', script], {
    env: { ...process.env, TALLY_FILE: file },
    stdio: 'inherit',
  });
  succeeded &&= status === 0;
  // Without one it has not even begun, which is a failure, too.
  const tally = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { passed: 0, failed: 1, skipped: 0 };
  rmSync(file, { force: true });
  for (const kind of Object.keys(sum)) sum[kind] += tally[kind];
}
rmSync(folder, { recursive: true });
process.stdout.write(`\nall tests together:\n${inWords(sum)}\n`);
process.exit(succeeded ? 0 : 1);
