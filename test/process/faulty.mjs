// The fixture with faults of an application: in its hooks, its health checks, and in every kind of callback.
import { exec } from 'node:child_process';
import { channel, subscribe } from 'node:diagnostics_channel';
import { lookup } from 'node:dns';
import { EventEmitter } from 'node:events';
import { closeSync, open, openSync, stat } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { fixture, load } from '../fixture/built.mjs';

/** In the hands of Express. */
function expressFaults(app, { Problem }) {
  app.get('/express/throws', ({ query }) => fail(query.value));
  app.get('/express/rejects', async ({ query }) => fail(query.value));
  app.get('/express/next', ({ query }, _res, next) => next(VALUES[query.value]));
  app.get('/express/problem', ({ query }) => {
    throw new Problem(409, 'boom', { value: VALUES[query.value] });
  });
  app.get('/express/json', ({ query }, res) => res.json({ value: VALUES[query.value] }));
}

const { createApp, rooms, variables } = await fixture([expressFaults]);
const { trapEarly } = await load('lifecycle/signals');
const { run } = await load('run');

const wanted = (process.env.FAULTS ?? '').split(',');

const circular = { self: undefined };
circular.self = circular;
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** What somebody may throw, and what nobody should. */
const VALUES = {
  error: new Error('boom'),
  undefined: undefined,
  null: null,
  text: 'boom',
  bigint: 10n,
  symbol: Symbol('boom'),
  circular,
  bare: Object.create(null),
  success: { statusCode: 200, status: 200 },
  frozen: Object.freeze(new Error('boom')),
  messageless: Object.assign(new Error('boom'), { message: { not: 'a text' } }),
  ownCause: Object.assign(new Error('boom'), { details: 10n }),
  trap: Object.defineProperty(new Error('boom'), 'details', {
    enumerable: true,
    get() {
      throw new Error('a trap');
    },
  }),
  silent: Object.defineProperty(new Error('boom'), 'message', {
    get() {
      throw new Error('a trap');
    },
  }),
  unwritable: Object.assign(new Error('boom'), {
    toJSON() {
      throw new Error('a trap');
    },
  }),
  many: new AggregateError([new Error('one'), undefined, circular], 'boom'),
  revoked: revoked.proxy,
};
VALUES.ownCause.cause = VALUES.ownCause;

const fail = (what) => {
  throw VALUES[what];
};
const never = () => new Promise(() => undefined);

/** Callbacks of every kind, that fail with a value. */
const CALLBACKS = {
  timer: (what) => void setTimeout(fail, 1, what),
  immediate: (what) => void setImmediate(fail, what),
  tick: (what) => process.nextTick(fail, what),
  microtask: (what) => queueMicrotask(() => fail(what)),
  promise: (what) => void Promise.reject(VALUES[what]),
  'async-function': (what) => void (async () => fail(what))(),
  'error-event': (what) => setImmediate(() => new EventEmitter().emit('error', VALUES[what])),
  listener: (what) => setImmediate(() => new EventEmitter().on('x', () => fail(what)).emit('x')),
  stream: (what) => setImmediate(() => new PassThrough().on('data', () => fail(what)).write('x')),
  'stream-error': (what) => void new PassThrough().destroy(VALUES[what]), // nobody listens to it
  file: (what) => stat('/', () => fail(what)),
  child: (what) => void exec('true', () => fail(what)),
  lookup: (what) => lookup('localhost', () => fail(what)),
  socket: (what) => void connect(1, '127.0.0.1').on('error', () => fail(what)),
  client: () => void get('http://127.0.0.1:1/'), // nobody listens to its error
  worker: () => void new Worker('throw new Error("boom")', { eval: true }),
  abort: (what) => {
    const controller = new AbortController();
    controller.signal.addEventListener('abort', () => fail(what));
    controller.abort();
  },
  channel: (what) => {
    subscribe('faulty', () => fail(what));
    channel('faulty').publish({});
  },
  finish: (what, res) => res.once('finish', () => fail(what)),
  close: (what, res) => res.once('close', () => fail(what)),
};

/** Everything at once, if need be. */
const listed = (query, name, all) => query.get(name)?.split(',') ?? all;

const files = [];
const hoard = [];

/** By path. */
const ROUTES = {
  '/throw': (query) => fail(query.get('value')),
  /** One kind of callback after the other fails with each of the values. */
  '/fail': (query, res) => {
    for (const callback of listed(query, 'callbacks', Object.keys(CALLBACKS))) {
      for (const value of listed(query, 'values', ['error'])) CALLBACKS[callback](value, res);
    }
    res.end('done');
  },
  '/names': (_query, res) =>
    res.end(JSON.stringify({ callbacks: Object.keys(CALLBACKS), values: Object.keys(VALUES) })),
  /** Opens files until none can be opened; closes them. */
  '/open': (_query, res) => {
    try {
      for (;;) files.push(openSync('/dev/null'));
    } catch ({ code }) {
      res.end(code);
    }
  },
  '/close': (_query, res) => {
    for (const file of files.splice(0)) closeSync(file);
    res.end('closed');
  },
  /** A thread of libuv waits for somebody who opens the other end of a pipe. */
  '/wait': (query, res) => {
    open(query.get('pipe'), () => undefined);
    res.end('waiting');
  },
  '/block': (query, res) => {
    res.write('blocking');
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(query.get('ms')));
      res.end('done');
    });
  },
  /** The clock of the machine belongs to others, too: this is all that JavaScript sees of it. */
  '/clock': (query, res) => {
    const [Real, ms] = [Date, Number(query.get('ms'))];
    globalThis.Date = class extends Real {
      constructor(...args) {
        if (args.length === 0) super(Real.now() + ms);
        else super(...args);
      }
      static now() {
        return Real.now() + ms;
      }
    };
    res.end('set');
  },
  /** Fills the heap, a little in each turn of the event loop. */
  '/hoard': (_query, res) => {
    setInterval(() => {
      for (let nth = 0; nth < 5000; nth++) hoard.push({ nth, text: `text ${nth}` });
    });
    res.end('hoarding');
  },
};

function app(parts) {
  const { health, hooks, metrics, shutdownSignal } = parts;
  if (wanted.includes('checks')) {
    health.add('hangs', never);
    health.add(
      'late',
      (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
    );
    for (const what of Object.keys(VALUES)) {
      health.add(`throws ${what}`, () => fail(what));
      health.add(`rejects ${what}`, async () => fail(what));
    }
  }
  if (wanted.includes('stuck')) hooks.add({ name: 'stuck', stop: never });
  if (wanted.includes('hooks')) {
    hooks.add({ name: 'first', stop: () => undefined });
    hooks.add({ name: 'hangs', stop: never, timeoutMs: 100 });
    for (const what of Object.keys(VALUES)) {
      hooks.add({ name: `throws ${what}`, stop: () => fail(what) });
      hooks.add({ name: `rejects ${what}`, stop: async () => fail(what) });
    }
  }
  if (wanted.includes('gauge')) metrics.gauge('faulty', 'Fails.', () => fail('bare'));
  if (wanted.includes('opened')) {
    hooks.add({ name: 'opened', start: () => undefined, stop: () => undefined });
  }
  if (wanted.includes('start')) {
    hooks.add({
      name: 'opening',
      start: async (signal) => {
        setImmediate(fail, 'frozen');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    });
  }
  if (wanted.includes('signals')) {
    process.on('SIGUSR2', (signal) => process.stdout.write(`{"event":"fixture","msg":"${signal}"}\n`));
  }
  if (wanted.includes('hung-start')) hooks.add({ name: 'hung', start: never, stop: () => undefined });
  if (wanted.includes('no-app')) fail('frozen');
  if (wanted.includes('told')) shutdownSignal.addEventListener('abort', () => fail('error'));
  const service = createApp(parts);
  return (req, res) => {
    const [path, query] = req.url.split('?', 2);
    const route = ROUTES[path];
    if (route === undefined) service(req, res);
    else route(new URLSearchParams(query), res);
  };
}

const earlySignal = trapEarly();
await run(process.env, { createApp: app, rooms, variables, earlySignal });
