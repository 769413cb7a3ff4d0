// Takes one protection at a time out of the built service and expects the test that is about it to fail:
// `npm run test:mutants`, or `npm run test:mutants -- descriptors` for those with a word in their name. A mutant that
// survives means that the test proves nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MUTANTS = [
  {
    name: 'the scrape interval is not learned',
    file: 'lastcall/management/scrapes.js',
    replace: ['this.intervalMs ?? Infinity', 'Infinity'],
    test: ['visibility', 'one and a half of the intervals'],
  },
  {
    name: 'no Connection: close in the window',
    file: 'lastcall/listener/close-header.js',
    replace: ['connection.newest === request', 'false'],
    test: ['keep-alive', '360 keep-alive clients'],
  },
  {
    name: 'Connection: close on every pipelined answer',
    file: 'lastcall/listener/close-header.js',
    replace: ['connection.newest === request', 'true'],
    test: ['connections', 'come in one packet'],
  },
  {
    name: 'pipelined requests handled at once',
    file: 'lastcall/listener/connections.js',
    replace: ['process.nextTick(() => {', '(run => run())(() => {'],
    test: ['connections', 'come in one packet'],
  },
  {
    name: 'accept queue not emptied',
    file: 'lastcall/listener/listener.js',
    replace: ['if (!deadline.aborted)', 'if (false)'],
    test: ['connections', 'wait in it when the listener closes'],
  },
  {
    name: 'idle connections ended at once',
    file: 'lastcall/listener/connections.js',
    replace: ['this.#reaper.start(minIdleMs,', 'this.#reaper.start(0,'],
    test: ['keep-alive', 'without a window'],
  },
  {
    name: 'idle connections never ended',
    file: 'lastcall/listener/connections.js',
    replace: ['this.#reaper.start(minIdleMs,', 'this.#reaper.start(1e6,'],
    test: ['connections', 'had promised keep-alive'],
  },
  {
    name: 'no lingering after an early answer',
    file: 'lastcall/listener/connection.js',
    replace: ['if (unread)', 'if (false)'],
    test: ['connections', 'reaches all of 30 clients'],
  },
  {
    name: 'goodbyes all at once',
    file: 'lastcall/listener/goodbyes.js',
    replace: ['gapMs * nth++', '0'],
    test: ['streams', '500 of them'],
  },
  {
    name: 'a flushed response counts as answered',
    file: 'lastcall/listener/connections.js',
    replace: ['if (!connection.socket.destroyed)', 'if (true)'],
    test: ['streams', 'client leaves in the middle of a big one'],
  },
  {
    name: 'a cut response counts as answered',
    file: 'lastcall/listener/connections.js',
    replace: ["request.res?.writableFinished ? 'answered' : 'cut'", "'answered'"],
    test: ['streams', 'stuck half-way'],
  },
  {
    name: 'the log waits for its reader',
    file: 'lastcall/telemetry/stdout.js',
    replace: ['kind.isFIFO() || kind.isSocket()', 'false'],
    test: ['log', 'nobody reads any more'],
  },
  {
    name: 'a child process makes the log block',
    file: 'lastcall/telemetry/stdout.js',
    replace: ['setBlocking?.(false)', 'ref?.()'],
    test: ['log', 'when a child process has made it block'],
  },
  {
    name: 'what waits in the log is lost at the exit',
    file: 'lastcall/telemetry/stdout.js',
    replace: ['pipe.sendLast()', 'undefined'],
    test: ['log', 'exits at once'],
  },
  {
    name: 'the rest of a line is lost',
    file: 'lastcall/telemetry/log-pipe.js',
    replace: ['line.subarray(count)', 'undefined'],
    test: ['log', 'longer than a pipe takes at once'],
  },
  {
    name: 'the log is not bounded',
    file: 'lastcall/telemetry/log-pipe.js',
    replace: ['> MOST_WAITING_BYTES', '> Infinity'],
    test: ['log', 'what is missing, where it is missing'],
  },
  {
    name: 'what is missing in the log is not told',
    file: 'lastcall/telemetry/log-pipe.js',
    replace: ['this.#untold++', 'undefined'],
    test: ['log', 'what is missing, where it is missing'],
  },
  {
    name: 'the newest lines of the log are dropped',
    file: 'lastcall/telemetry/log-pipe.js',
    replace: ['this.#waiting.shift()', 'this.#waiting.pop()'],
    test: ['log', 'back only at the end'],
  },
  {
    name: 'a full pipe is not tried again',
    file: 'lastcall/telemetry/log-pipe.js',
    replace: ['}, RETRY_MS)', '}, 1e9)'],
    test: ['log', 'what is missing, where it is missing'],
  },
  {
    name: 'what is detached from the parser does not wait for its turn',
    file: 'lastcall/listener/connections.js',
    replace: ['if (turn === undefined || [', 'if (turn === undefined || false && ['],
    test: ['pipelining', 'an offer of h2c is answered as a request'],
  },
  {
    name: 'an error of an upgrade handler goes to the process',
    file: 'lastcall/listener/connections.js',
    replace: ['this.#options.onThrow(error, turn.about ?? connection.upgraded)', 'throw error'],
    test: ['pipelining', 'a handler of upgrades that throws'],
  },
  {
    name: 'what can not be read ends the answers before it',
    file: 'lastcall/listener/refusal.js',
    replace: ['connections.takeTurn(connection, take, about)', 'take()'],
    test: ['pipelining', 'half of the next one'],
  },
  {
    name: 'records for a paused parser are errors',
    file: 'lastcall/listener/paused-parser.js',
    replace: ["code !== 'HPE_PAUSED'", 'true'],
    test: ['pipelining', 'more answers than are queued'],
  },
  {
    name: 'a client that ends its side has left, over HTTP',
    file: 'lastcall/listener/listener.js',
    replace: ['.httpAllowHalfOpen = true', '.httpAllowHalfOpen = false'],
    test: ['half-close', 'over http, ready, is answered'],
  },
  {
    name: 'a client that ends its side has left, over HTTPS',
    file: 'lastcall/listener/listener.js',
    replace: ['allowHalfOpen: true }', 'allowHalfOpen: false }'],
    test: ['half-close', 'over https, ready, is answered'],
  },
  {
    name: 'a client that has gone is not asked for',
    file: 'lastcall/listener/presence.js',
    replace: ['first.res.writeProcessing()', 'undefined'],
    test: ['half-close', 'has left if it closes its side over http '],
  },
  {
    name: 'a slow request is refused before anybody has looked',
    file: 'lastcall/listener/refusal.js',
    replace: ['await hearOut(connection)', 'false'],
    test: ['stalls', 'over http, ready: .* for 2000'],
  },
  {
    name: 'the time of a stall counts',
    file: 'lastcall/lifecycle/loop-clock.js',
    replace: ['this.#stalledMs += lateMs', 'this.#stalledMs += 0'],
    test: ['stalls', 'is silent for no longer'],
  },
  {
    name: 'after a stall past its deadline a drain is cut at once',
    file: 'lastcall/lifecycle/loop-clock.js',
    replace: ['setTimeout(strike, LAST_LOOK_MS)', 'strike()'],
    test: ['stalls', 'when the deadline of the drain comes'],
  },
  {
    name: 'a check is down before anybody has looked',
    file: 'lastcall/lifecycle/health.js',
    replace: [
      'patientTimeout(giveUp, check.timeoutMs)',
      '(setTimeout(giveUp, check.timeoutMs), () => undefined)',
    ],
    test: ['stalls', 'does not call a check down'],
  },
  {
    name: 'who destroyed an answer is always the client',
    file: 'lastcall/listener/connections.js',
    replace: ["left ? 'aborted' : 'broken'", "'aborted'"],
    test: ['truth', 'over http, draining, an answer that its handler breaks off'],
  },
  {
    name: 'a request behind our FIN is forgotten',
    file: 'lastcall/listener/connections.js',
    replace: [
      "if (connection.endedBy === 'idle') {",
      "if (connection.endedBy === 'idle') return; if (false) {",
    ],
    test: ['truth', 'crosses the end of its connection'],
  },
  {
    name: 'what waits to be written counts as sent',
    file: 'lastcall/listener/request.js',
    replace: ['(handle?.writeQueueSize ?? 0)', '0'],
    test: ['truth', 'bytes that a client has not read'],
  },
  {
    name: 'an error in the shutdown is not reported',
    file: 'lastcall/lifecycle/record.js',
    replace: ['this.#error ??=', 'if (this.reason === "") this.#error ??='],
    test: ['truth', 'an error in a hook that nobody catches'],
  },
  {
    name: 'a hook that keeps the loop busy is on time',
    file: 'lastcall/lifecycle/hooks.js',
    replace: ['overMs > SLACK_MS', 'false'],
    test: ['truth', 'a hook that keeps the event loop busy'],
  },
  {
    name: 'all descriptors are for clients',
    file: 'lastcall/listener/descriptors.js',
    replace: ['limit - RESERVE', 'Infinity'],
    test: ['truth', 'clients that use up all descriptors'],
  },
  {
    name: 'TLS connections are known by one of their ends',
    file: 'lastcall/listener/connections.js',
    replace: ['${remotePort} ${localAddress} ${localPort}', '${remotePort}'],
    test: ['tls-truth', 'two TLS clients that have the same address'],
  },
  {
    name: 'what has not been decrypted is silence',
    file: 'lastcall/listener/connection.js',
    replace: ['return this.#raw.bytesRead', 'return this.socket.bytesRead'],
    test: ['tls-truth', 'a TLS record that arrives slowly'],
  },
  {
    name: 'an answer of a target may have any status',
    file: 'lastcall/gateway/target-connection.js',
    replace: ['if (status < 200)', 'if (false)'],
    test: ['gateway-faults', 'ready: a target that answers nonsense'],
  },
  {
    name: 'what a target says before its answer is for undici',
    file: 'lastcall/gateway/answer-start.js',
    replace: ["status.startsWith('1')", 'false'],
    test: ['gateway-faults', 'ready: what a target says before its answer'],
  },
  {
    name: 'half an answer ends like a whole one',
    file: 'lastcall/gateway/answer.js',
    replace: ["res.chunkedEncoding || res.hasHeader('content-length')", 'true'],
    test: ['gateway-faults', 'ready: a target that breaks in the middle'],
  },
  {
    name: 'undici sees the reset of a target',
    file: 'lastcall/gateway/target-socket.js',
    replace: ['error.code = RESET', 'void 0'],
    test: ['gateway-faults', 'ready: a target that breaks in the middle'],
  },
  {
    name: 'a reset that comes with data is an end',
    file: 'lastcall/gateway/target-socket.js',
    replace: ['socket.remoteAddress === undefined', 'false'],
    test: ['gateway-faults', 'while its client reads nothing'],
  },
  {
    name: 'what cannot be repeated goes on any connection',
    file: 'lastcall/gateway/exchange.js',
    replace: ['RECENT_MS = 20', 'RECENT_MS = 1e9'],
    test: ['gateway-keep-alive', 'does not say so'],
  },
  {
    name: 'the gateway strikes without a look',
    file: 'lastcall/gateway/deadline.js',
    replace: [
      'cancel = patientTimeout(judge, ms)',
      'cancel = clearTimeout.bind(null, setTimeout(judge, ms))',
    ],
    test: ['gateway-faults', 'ready: a process that stood still'],
  },
  {
    name: 'lines are gathered after the signal, and lost at the exit',
    file: 'lastcall/telemetry/stdout.js',
    replace: ['buffer.gathering = false;', ''],
    test: ['log', 'the last lines of a process that exits at once'],
  },
  {
    name: 'lines that are written at once wait all the same',
    file: 'lastcall/run.js',
    replace: [' && !config.log.sync', ''],
    test: ['log', 'if each is written at once'],
  },
  {
    name: 'lines wait for ever',
    file: 'lastcall/telemetry/log-buffer.js',
    replace: ['setTimeout(this.#onTime, MOST_MS);', ''],
    test: ['log', 'without anything more to say'],
  },
];

/** `#lastcall` in a mutant is the mutant's, and not that of the build beside it. */
const OWN_DOORS = JSON.stringify({
  type: 'module',
  imports: { '#lastcall': './lastcall/public.js', '#lastcall/*': './lastcall/*/public.js' },
});

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const survivors = [];
// A room of the engine may have been taken out, with its tests.
const isThere = ({ file }) => existsSync(dirname(join('src', file)));
const chosen = MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? '')).filter(isThere);
for (const { name, file, replace, test } of chosen) {
  const dist = 'dist-mutant/';
  rmSync(dist, { recursive: true, force: true });
  cpSync('dist', dist, { recursive: true });
  writeFileSync(join(dist, 'package.json'), OWN_DOORS);
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
process.stdout.write(`${chosen.length - survivors.length} of ${chosen.length} mutants killed\n`);
process.exit(survivors.length === 0 ? 0 : 1);
