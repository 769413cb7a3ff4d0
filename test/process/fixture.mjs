// The built service with an application that has hooks to hang and a route to crash. The tests choose by FIXTURE.
import { createApp } from '../../dist/app.js';
import { trapEarly } from '../../dist/lifecycle/signals.js';
import { run } from '../../dist/service.js';

const wanted = (process.env.FIXTURE ?? '').split(',');
const log = (text) => process.stdout.write(`${JSON.stringify({ event: 'fixture', msg: text })}\n`);

const HOOKS = [
  { name: 'good', stop: () => log('good stopped') },
  {
    name: 'throwing',
    stop: () => {
      throw new Error('no luck');
    },
  },
  { name: 'hung', stop: () => new Promise(() => undefined), timeoutMs: 200 },
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

function app({ hooks, health, ...parts }) {
  for (const hook of HOOKS.filter(({ name }) => wanted.includes(name))) hooks.add(hook);
  if (wanted.includes('sick')) health.add('db', () => Promise.reject(new Error('no route to db')));
  const service = createApp(parts);
  return (req, res) => {
    if (req.url === '/crash') setImmediate(() => res.end('bye') && crash());
    else if (req.url === '/reject') res.end('bye', () => void Promise.reject(new Error('nobody cares')));
    else service(req, res);
  };
}

function crash() {
  throw new Error('boom');
}

const earlySignal = trapEarly();
if (wanted.includes('early')) process.kill(process.pid, 'SIGTERM');
await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
await run(process.env, { app, earlySignal });
