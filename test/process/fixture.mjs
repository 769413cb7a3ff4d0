// The fixture with hooks to hang and routes to misbehave. The tests choose by FIXTURE.
import { spawnSync } from 'node:child_process';
import { connect, createServer, Server } from 'node:net';
import { WebSocketServer } from 'ws';
import { fixture, load } from '../fixture/built.mjs';

const { createApp, rooms, variables } = await fixture();
const { trapEarly } = await load('lifecycle/signals');
const { run } = await load('run');

const wanted = (process.env.FIXTURE ?? '').split(',');
const log = (text) => process.stdout.write(`${JSON.stringify({ event: 'fixture', msg: text })}\n`);

/** Keeps the event loop from turning, and the processor free for the other tests. */
const standStill = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const HOOKS = [
  { name: 'good', stop: () => log('good stopped') },
  {
    name: 'throwing',
    stop: () => {
      throw new Error('no luck');
    },
  },
  { name: 'slow-stop', stop: () => new Promise((resolve) => setTimeout(resolve, 2000)) },
  { name: 'hung', stop: () => new Promise(() => undefined), timeoutMs: 2000 },
  {
    name: 'blocking',
    stop: () => {
      standStill(1500);
    },
    timeoutMs: 500,
  },
  {
    name: 'crashing',
    stop: () => new Promise((resolve) => setImmediate(() => resolve() || crash())),
  },
  {
    name: 'slow-start',
    start: (signal) =>
      new Promise((resolve) => {
        log('starting slowly');
        signal.addEventListener('abort', resolve);
        process.once('SIGUSR2', resolve);
      }),
    stop: () => log('slow-start stopped'),
  },
  {
    name: 'bad-start',
    start: () => Promise.reject(new Error('no database')),
  },
];

/** What a route of the fixture does once it has logged. */
const AFTERWARDS = {
  crash: () => setImmediate(crash),
  exit: () => process.exit(7),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  reject: () => void Promise.reject(new Error('nobody cares')),
};

/** Requests to /crowd that are handled now, and the most that ever were. */
const crowd = { now: 0, most: 0 };

/** By path; all of them answer without looking at the request any further. */
const ROUTES = {
  '/crash': (_query, _req, res) => setImmediate(() => res.end('bye') && crash()),
  '/reject': (_query, _req, res) => res.end('bye', () => void Promise.reject(new Error('nobody cares'))),
  /** Keeps the event loop busy. */
  '/block': (query, _req, res) => {
    log('blocking');
    standStill(Number(query.get('ms')));
    res.end('done');
  },
  '/throw': () => crash(),
  /** Headers and a first chunk, and nothing more. */
  '/silent': (_query, _req, res) => res.write('first'),
  /** Half an answer, then the end of the connection. */
  '/break': (_query, req, res) => {
    res.write('half');
    setTimeout(() => req.socket.destroy(), 50);
  },
  /** So many lines of the log at once, of so many bytes more than there are in each anyway. */
  '/chatter': (query, _req, res, { logger }) => {
    const [lines, bytes] = ['lines', 'bytes'].map((name) => Number(query.get(name)));
    for (let nth = 0; nth < lines; nth++) logger.info({ event: 'chatter', nth }, 'x'.repeat(bytes));
    res.end('said');
    AFTERWARDS[query.get('then')]?.();
  },
  /** A child that has the same stdout. */
  '/child': (_query, _req, res) => {
    spawnSync('true', [], { stdio: ['ignore', 'inherit', 'inherit'] });
    res.end('done');
  },
  /** How many of its kind were handled at the same time at most, once SIGUSR2 has come if it is to wait. */
  '/crowd': (query, _req, res) => {
    crowd.most = Math.max(crowd.most, ++crowd.now);
    const answer = () => crowd.now-- && res.end(`most ${crowd.most}\n`);
    if (query.has('wait')) process.once('SIGUSR2', answer);
    else setTimeout(answer, 1);
  },
  /** Answers before the body is there. */
  '/early': (query, _req, res) => res.writeHead(Number(query.get('status'))).end('no, thank you'),
  /** More than fits into the buffers of the kernel, in one piece. */
  '/big': (_query, _req, res) => res.end(Buffer.alloc(64 * 1024 * 1024)),
  /** Headers and a first chunk at once, then a chunk every 20 ms, for a time or (0) for ever. */
  '/stream': (query, _req, res) => {
    const ms = Number(query.get('ms'));
    res.write('first\n');
    const timer = setInterval(() => res.write('next\n'), 20);
    res.once('close', () => clearInterval(timer));
    if (ms > 0) {
      setTimeout(() => {
        clearInterval(timer);
        res.end('last\n');
      }, ms);
    }
  },
};

/** A check that asks somebody over the network, who takes a moment. */
function pong() {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => setTimeout(() => socket.end('pong'), 150));
    server.listen(0, '127.0.0.1', () => {
      connect(server.address().port, '127.0.0.1')
        .on('error', reject)
        .once('data', () => server.close(resolve));
    });
  });
}

function crash() {
  throw new Error('boom');
}

function app(parts) {
  const { hooks, health, shutdownSignal } = parts;
  for (const hook of HOOKS.filter(({ name }) => wanted.includes(name))) hooks.add(hook);
  if (wanted.includes('sick')) health.add('db', () => Promise.reject(new Error('no route to db')));
  if (wanted.includes('healthy')) health.add('db', pong);
  if (wanted.includes('told')) shutdownSignal.addEventListener('abort', () => log('told to leave'));
  if (wanted.includes('busy')) {
    setInterval(() => standStill(60), 80);
  }
  if (wanted.includes('no-http')) return undefined;
  const service = createApp(parts);
  return (req, res) => {
    const [path, query] = req.url.split('?', 2);
    const route = ROUTES[path];
    if (route === undefined) service(req, res);
    else route(new URLSearchParams(query), req, res, parts);
  };
}

if (wanted.includes('close-listener')) {
  // As if the operating system had taken the listening socket away. The management server is the first to listen.
  // oxlint-disable-next-line typescript/unbound-method -- called with apply
  const { listen } = Server.prototype;
  const servers = [];
  Server.prototype.listen = function remembered(...args) {
    servers.push(this);
    return listen.apply(this, args);
  };
  process.once('SIGUSR2', () => Server.prototype.close.call(servers[1]));
}

const earlySignal = trapEarly();
if (wanted.includes('early')) process.kill(process.pid, 'SIGTERM');
await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const { listeners } = await run(process.env, {
  createApp: app,
  rooms: wanted.includes('no-rooms') ? [] : rooms,
  variables,
  earlySignal,
});

const webSockets = new WebSocketServer({ noServer: true });
const upgrade = (req, socket, head) => {
  if (req.url === '/throw') throw new Error('thrown by an upgrade');
  webSockets.handleUpgrade(req, socket, head, (webSocket) => {
    webSocket.send('hello');
    if (req.url === '/big') webSocket.send(Buffer.alloc(64 * 1024 * 1024));
    if (req.url === '/bad-goodbye') req.shutdown.onDrain(() => crash());
    // A deaf one does not say goodbye when it is told.
    else if (req.url !== '/deaf') req.shutdown.onDrain(() => webSocket.close(1001, 'going away'));
  });
};
for (const listener of listeners) listener.onUpgrade(upgrade);
