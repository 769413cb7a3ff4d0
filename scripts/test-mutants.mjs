// Takes one protection at a time out of the built service and expects the test that is about it to fail:
// `npm run test:mutants`. A mutant that survives means that the test proves nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MUTANTS = [
  {
    name: 'the scrape interval is not learned',
    file: 'scrapes.js',
    replace: ['this.intervalMs ?? Infinity', 'Infinity'],
    test: ['visibility', 'one and a half of the intervals'],
  },
  {
    name: 'no Connection: close in the window',
    file: 'lifecycle/farewell.js',
    replace: ['connection.newest === request', 'false'],
    test: ['keep-alive', '360 keep-alive clients'],
  },
  {
    name: 'Connection: close on every pipelined answer',
    file: 'lifecycle/farewell.js',
    replace: ['connection.newest === request', 'true'],
    test: ['connections', 'come in one packet'],
  },
  {
    name: 'pipelined requests handled at once',
    file: 'lifecycle/connections.js',
    replace: ['process.nextTick(() => {', '(run => run())(() => {'],
    test: ['connections', 'come in one packet'],
  },
  {
    name: 'accept queue not emptied',
    file: 'lifecycle/listener.js',
    replace: ['await this.#emptyAcceptQueue()', 'undefined'],
    test: ['connections', 'wait in it when the listener closes'],
  },
  {
    name: 'idle connections ended at once',
    file: 'lifecycle/connections.js',
    replace: ['this.#reaper.start(minIdleMs,', 'this.#reaper.start(0,'],
    test: ['keep-alive', 'without a window'],
  },
  {
    name: 'idle connections never ended',
    file: 'lifecycle/connections.js',
    replace: ['this.#reaper.start(minIdleMs,', 'this.#reaper.start(1e6,'],
    test: ['connections', 'had promised keep-alive'],
  },
  {
    name: 'no lingering after an early answer',
    file: 'lifecycle/connection.js',
    replace: ['if (unread)', 'if (false)'],
    test: ['connections', 'reaches all of 30 clients'],
  },
  {
    name: 'goodbyes all at once',
    file: 'lifecycle/goodbyes.js',
    replace: ['gapMs * nth++', '0'],
    test: ['streams', '500 of them'],
  },
  {
    name: 'a flushed response counts as answered',
    file: 'lifecycle/connections.js',
    replace: ['if (!connection.socket.destroyed)', 'if (true)'],
    test: ['streams', 'client leaves in the middle of a big one'],
  },
  {
    name: 'a cut response counts as answered',
    file: 'lifecycle/connections.js',
    replace: ["request.res?.writableFinished ? 'answered' : 'cut'", "'answered'"],
    test: ['streams', 'stuck half-way'],
  },
  {
    name: 'an answer of a target may have any status',
    file: 'gateway/target-connection.js',
    replace: ['if (status < 200)', 'if (false)'],
    test: ['gateway-faults', 'ready: a target that answers nonsense'],
  },
  {
    name: 'what a target says before its answer is for undici',
    file: 'gateway/answer-start.js',
    replace: ["status.startsWith('1')", 'false'],
    test: ['gateway-faults', 'ready: what a target says before its answer'],
  },
  {
    name: 'half an answer ends like a whole one',
    file: 'gateway/answer.js',
    replace: ["res.chunkedEncoding || res.hasHeader('content-length')", 'true'],
    test: ['gateway-faults', 'ready: a target that breaks in the middle'],
  },
  {
    name: 'undici sees the reset of a target',
    file: 'gateway/target-socket.js',
    replace: ['error.code = RESET', 'void 0'],
    test: ['gateway-faults', 'ready: a target that breaks in the middle'],
  },
  {
    name: 'a reset that comes with data is an end',
    file: 'gateway/target-socket.js',
    replace: ['socket.remoteAddress === undefined', 'false'],
    test: ['gateway-faults', 'while its client reads nothing'],
  },
  {
    name: 'what cannot be repeated goes on any connection',
    file: 'gateway/exchange.js',
    replace: ['RECENT_MS = 20', 'RECENT_MS = 1e9'],
    test: ['gateway-keep-alive', 'does not say so'],
  },
  {
    name: 'the gateway strikes without a look',
    file: 'gateway/deadline.js',
    replace: [
      'cancel = patientTimeout(judge, ms)',
      'cancel = clearTimeout.bind(null, setTimeout(judge, ms))',
    ],
    test: ['gateway-faults', 'ready: a process that stood still'],
  },
];

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const survivors = [];
for (const { name, file, replace, test } of MUTANTS) {
  const dist = 'dist-mutant/';
  rmSync(dist, { recursive: true, force: true });
  cpSync('dist', dist, { recursive: true });
  const path = join(dist, file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(replace[0]))
    throw new Error(`${path} has no "${replace[0]}": bring the mutant up to date`);
  writeFileSync(path, source.replace(replace[0], replace[1]));

  const [suite, title] = test;
  const jest = [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    `test/process/${suite}`,
    '-t',
    title,
  ];
  const { status, stderr } = spawnSync(process.execPath, jest, {
    env: { ...process.env, DIST: dist },
    encoding: 'utf8',
  });
  const ran = /Tests: .*\b(failed|passed)/.test(stderr);
  if (!ran) throw new Error(`no test ran for "${name}":\n${stderr}`);
  if (status === 0) survivors.push(name);
  process.stdout.write(`${status === 0 ? 'SURVIVED' : 'killed  '}  ${name}\n`);
  rmSync(dist, { recursive: true, force: true });
}
process.stdout.write(`${MUTANTS.length - survivors.length} of ${MUTANTS.length} mutants killed\n`);
process.exit(survivors.length === 0 ? 0 : 1);
