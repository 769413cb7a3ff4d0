// Sends requests at a steady rate and counts every one that is not answered completely and rightly: what a rollout
// must not lose. `node load.mjs URL [--rate N] [--seconds N] …`; without --seconds it ends on SIGTERM or SIGINT. The
// verdict is one line of JSON on stdout, the progress goes to stderr. Plain Node and a single file, because it also
// runs inside of the service's own image (see rollout.sh). What it asks for is said by the service, in a file
// paths.json beside this one or in src/service/ (scripts/paths.ts), or by --paths.
//
// Exit code: 0 nothing was lost, 1 something was or the load was too thin to tell, 2 wrong arguments.
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const FIRST_LOSSES = 10;
const PAYLOAD = JSON.stringify({ text: 'all of this must come back. '.repeat(80) });

const options = readArguments();
const pooled = new Agent({ keepAlive: true });
const { paths } = options;
const HOME = { kind: 'keep-alive', agent: pooled, ...paths.get };
const FRESH = { kind: 'fresh', agent: false, ...paths.get };
const POST = paths.post && {
  kind: 'post',
  agent: pooled,
  ...paths.post,
  body: paths.post.body === undefined ? PAYLOAD : JSON.stringify(paths.post.body),
};
/** Some of them are in flight on every pod at any time. */
const SLOW = paths.slow && {
  kind: 'slow',
  agent: pooled,
  ...paths.slow,
  path: paths.slow.path.replace('%ms', options.slow),
};
/** Sent in turn. Kept connections, because they break in a shutdown; fresh ones, because they find closed ports. */
const MIX = [HOME, FRESH, POST, HOME, FRESH, HOME, FRESH, POST, HOME, SLOW].filter(Boolean);

/** Which pod a connection leads to, learned from the answers. */
const podOf = new WeakMap();

const stopped = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopped.abort());

const reachable = await untilReachable();
const result = reachable ? await run() : { sent: 0, ok: 0, lost: 0 };
const verdict = judge(result);
process.stdout.write(`${JSON.stringify({ verdict, passed: passes(verdict), ...result })}\n`);
pooled.destroy();
process.exitCode = passes(verdict) ? 0 : 1;

function judge({ sent, lost }) {
  if (!reachable) return 'unreachable';
  if (lost > 0) return 'lost';
  return sent < options.atLeast ? 'too few requests' : 'nothing lost';
}

function passes(verdict) {
  return verdict === (options.expectLosses ? 'lost' : 'nothing lost');
}

/** An open loop: a request is sent when it is due, whatever became of those before it. */
async function run() {
  const start = performance.now();
  const tally = { sent: 0, ok: 0, lost: 0, byCause: {}, byKind: {}, byPod: {}, firstLosses: [] };
  const latencies = [];
  const inFlight = new Set();
  const count = (field, name) => (tally[field][name] = (tally[field][name] ?? 0) + 1);

  /** Latency counts from when the request was due, or a stall would hide behind the requests that it delays. */
  const launch = async (step, due) => {
    tally.sent++;
    count('byKind', step.kind);
    const { loss, pod } = await exchange(step);
    const ms = Math.round(performance.now() - start - due);
    if (loss === undefined) {
      tally.ok++;
      if (step !== SLOW) latencies.push(ms);
      if (pod !== undefined) count('byPod', pod);
      return;
    }
    tally.lost++;
    count('byCause', loss.cause);
    const record = { at: Math.round(due) / 1000, kind: step.kind, ms, pod, ...loss };
    if (tally.firstLosses.length < FIRST_LOSSES) tally.firstLosses.push(record);
  };

  let announced = false;
  const progress = setInterval(() => {
    const { sent, ok, lost } = tally;
    process.stderr.write(`${sent} sent, ${ok} answered, ${lost} lost, ${inFlight.size} in flight\n`);
  }, 1000);
  for (let now = 0; now < options.seconds * 1000 && !stopped.signal.aborted;) {
    while (tally.sent < (now / 1000) * options.rate) {
      const done = launch(MIX[tally.sent % MIX.length], (tally.sent / options.rate) * 1000).finally(() =>
        inFlight.delete(done),
      );
      inFlight.add(done);
    }
    if (!announced && tally.ok >= options.rate) {
      announced = true;
      process.stderr.write('steady\n'); // what rollout.sh waits for
    }
    await sleep(5);
    now = performance.now() - start;
  }
  const seconds = Math.round((performance.now() - start) / 10) / 100;
  await Promise.all(inFlight);
  clearInterval(progress);
  return { seconds, rate: options.rate, ...tally, latencyMs: quantiles(latencies) };
}

/** One request, never repeated. It is lost unless a whole answer with the right status and body arrives in time. */
async function exchange({ kind, path, agent, body, status, answer }) {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const req = request(new URL(path, options.url), { method, agent, headers });
    const lose = (cause, detail) => {
      clearTimeout(timer);
      resolve({ loss: { cause, detail, reused: req.reusedSocket }, pod: podOf.get(req.socket) });
      req.destroy();
    };
    const timer = setTimeout(() => lose('timeout', `nothing after ${options.timeout} ms`), options.timeout);
    req.on('error', (error) => lose(causeOf(error), error.code ?? error.message));
    req.on('response', (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      const cutShort = () => lose('truncated', `${text.length} characters of the body`);
      res.on('error', cutShort).on('end', () => {
        if (!res.complete) return cutShort();
        if (res.statusCode !== status) return lose('status', res.statusCode);
        if (!isRight(answer, text, body)) return lose('wrong answer', text.slice(0, 100));
        clearTimeout(timer);
        const { pod } = kind === 'post' || kind === 'slow' ? {} : parsed(text);
        if (pod !== undefined) podOf.set(req.socket, pod);
        resolve({ pod });
      });
    });
    req.end(body);
  });
}

function causeOf({ code }) {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  return code === 'ETIMEDOUT' ? 'timeout' : 'other';
}

/** A Service that was just made is not in every kube-proxy yet; that is nothing that a rollout has lost. */
async function untilReachable() {
  const deadline = performance.now() + options.wait * 1000;
  for (let inARow = 0; inARow < 5;) {
    const { loss } = await exchange(FRESH);
    inARow = loss === undefined ? inARow + 1 : 0;
    if (performance.now() > deadline || stopped.signal.aborted) return false;
    await sleep(50);
  }
  return true;
}

/** Whether an answer is the expected one, of which paths.json says what it has in it. */
function isRight(expected, text, body) {
  if (expected === '%body') return text === body;
  return expected === undefined || has(parsed(text), expected);
}

function has(value, expected) {
  if (expected === '%text') return typeof value === 'string';
  if (expected === '%ms') return value === options.slow;
  if (expected === null || typeof expected !== 'object') return value === expected;
  return Object.entries(expected).every(([name, wanted]) => has(value?.[name], wanted));
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function readArguments() {
  const usage =
    'usage: load.mjs URL [--rate N] [--seconds N] [--at-least N] [--slow MS] [--timeout MS] [--wait SECONDS] [--paths FILE] [--expect-losses]';
  const defaults = {
    rate: '100', // requests a second
    seconds: 'Infinity',
    'at-least': '100', // fewer prove nothing
    slow: '1000', // ms that a slow request takes
    timeout: '10000', // ms for a whole answer
    wait: '30', // seconds for the first answers
  };
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...Object.fromEntries(
          Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }]),
        ),
        paths: { type: 'string' },
        'expect-losses': { type: 'boolean', default: false },
      },
    });
    const [rate, seconds, atLeast, slow, timeout, wait] = Object.keys(defaults).map((name) => {
      const value = Number(values[name]);
      if (!(value > 0)) throw new Error(`--${name} is ${values[name]}, expected a number above 0`);
      return value;
    });
    if (positionals.length !== 1) throw new Error('expected one URL');
    const expectLosses = values['expect-losses'];
    const paths = JSON.parse(readFileSync(values.paths ?? pathsFile(), 'utf8'));
    return { url: new URL(positionals[0]), rate, seconds, atLeast, slow, timeout, wait, paths, expectLosses };
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exit(2);
  }
}

/** In the image it is put beside this file; here it is where the service has it. */
function pathsFile() {
  const here = ['paths.json', '../../src/service/paths.json'].map((path) => new URL(path, import.meta.url));
  return here.find((file) => existsSync(file)) ?? here[0];
}
