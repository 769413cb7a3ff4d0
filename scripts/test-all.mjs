// Runs every test that Jest has, the fast ones first, and ends with one line about all of them: `npm run test:all`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inWords } from '../test/tally-reporter.mjs';

/** Compilers and linters, which take what the slow tests, which wait and measure, leave of the processors. */
const BESIDE = ['test:copies'];

const folder = mkdtempSync(join(tmpdir(), 'tally-'));
const sum = { passed: 0, failed: 0, skipped: 0 };
let succeeded = true;

/** Starts an npm script; its output goes to `stdout`. */
function start(script, stdout = 'inherit') {
  const tally = join(folder, `${script.replace(':', '-')}.json`);
  const child = spawn('npm', ['run', script], {
    env: { ...process.env, TALLY_FILE: tally },
    stdio: ['ignore', stdout, stdout],
  });
  return { child, ended: once(child, 'close'), tally };
}

/** Waits for its end, and counts what it has counted. */
async function count({ ended, tally }) {
  const [status] = await ended;
  succeeded &&= status === 0;
  // Without one it has not even begun, which is a failure, too.
  const counted = existsSync(tally)
    ? JSON.parse(readFileSync(tally, 'utf8'))
    : { passed: 0, failed: 1, skipped: 0 };
  for (const kind of Object.keys(sum)) sum[kind] += counted[kind];
}

await count(start('test'));
const beside = BESIDE.map((script) => {
  const log = join(folder, `${script.replace(':', '-')}.log`);
  const started = start(script, openSync(log, 'w'));
  setPriority(started.child.pid, constants.priority.PRIORITY_LOW);
  process.stdout.write(`\nnpm run ${script} runs beside npm run test:slow; what it says follows.\n`);
  return { ...started, log };
});
await count(start('test:slow'));
for (const started of beside) {
  await count(started);
  process.stdout.write(readFileSync(started.log));
}
rmSync(folder, { recursive: true });
process.stdout.write(`\nall tests together:\n${inWords(sum)}\n`);
process.exit(succeeded ? 0 : 1);
