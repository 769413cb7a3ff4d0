// Runs every test that Jest has, the fast ones first, and ends with one line about all of them: `npm run test:all`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inWords } from '../test/tally-reporter.mjs';

/** Compilers and linters, which take what the others, which wait and measure, leave of the processors. */
const COPIES = ['test:copies'];
/** Three minutes of waiting for whatever grows. */
const SOAK = 'test/soak/';

const folder = mkdtempSync(join(tmpdir(), 'tally-'));
const sum = { passed: 0, failed: 0, skipped: 0 };
let succeeded = true;

/** Starts an npm script; its output goes to `stdout`. */
function start(script, { args = [], stdout = 'inherit' } = {}) {
  const tally = join(mkdtempSync(join(folder, 'script-')), 'tally.json');
  const child = spawn('npm', ['run', script, '--', ...args], {
    env: { ...process.env, TALLY_FILE: tally, ...(script === 'test:slow' && { BUILT: 'yes' }) },
    stdio: ['ignore', stdout, stdout],
  });
  return { child, ended: once(child, 'close'), tally };
}

/** As {@link start}, with an output that is kept until somebody asks for it. */
function startBeside(script, args = []) {
  const log = join(mkdtempSync(join(folder, 'log-')), 'log');
  process.stdout.write(
    `\nnpm run ${[script, ...args].join(' ')} runs beside the others; what it says follows.\n`,
  );
  return { ...start(script, { args, stdout: openSync(log, 'w') }), log };
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

const copies = COPIES.map((script) => startBeside(script));
for (const { child } of copies) setPriority(child.pid, constants.priority.PRIORITY_LOW);
await count(start('test'));
const beside = [startBeside('test:slow', [SOAK]), ...copies];
await count(start('test:slow', { args: ['--testPathIgnorePatterns', SOAK] }));
for (const started of beside) {
  await count(started);
  process.stdout.write(readFileSync(started.log));
}
rmSync(folder, { recursive: true });
process.stdout.write(`\nall tests together:\n${inWords(sum)}\n`);
process.exit(succeeded ? 0 : 1);
