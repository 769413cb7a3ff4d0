import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Hooks } from '../../../src/lastcall/lifecycle/hooks.ts';
import { writeTerminationLog } from '../../../src/lastcall/telemetry/termination-log.ts';
import { quickLifecycle } from '../../support/lifecycle.ts';
import { LogLines } from '../../harness/log-lines.ts';

let folder: string;
let file: string;
let log: LogLines;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'termination-log-'));
  file = join(folder, 'message');
  log = new LogLines();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function read(): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

test('nothing is written before the signal', async () => {
  writeFileSync(file, '');
  const lifecycle = quickLifecycle();
  writeTerminationLog(file, lifecycle, pino({}, log));

  await lifecycle.start();

  expect(lifecycle.state).toBe('ready');
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('at each state of the wind-down it says how far that came, and at the end how it went', async () => {
  writeFileSync(file, '');
  const hooks = new Hooks(4000);
  const lifecycle = quickLifecycle([], hooks);
  writeTerminationLog(file, lifecycle, pino({}, log));
  const states: unknown[] = [];
  lifecycle.on('state', ({ state }) => {
    if (state !== 'ready' && state !== 'exited') states.push([state, read()['state']]);
  });
  let duringHook: unknown;
  hooks.add({
    name: 'db',
    stop: () => {
      duringHook = read();
    },
  });

  await lifecycle.start();
  await lifecycle.shutdown('SIGTERM');

  expect(states).toEqual([
    ['lame-duck', 'lame-duck'],
    ['draining', 'draining'],
    ['cleanup', 'cleanup'],
  ]);
  expect(duringHook).toMatchObject({ event: 'shutdown', reason: 'SIGTERM', state: 'cleanup', inFlight: 0 });
  expect(read()).toMatchObject({ outcome: 'clean', exitCode: 0, hooks: [{ name: 'db', result: 'ok' }] });
  expect(read()).not.toHaveProperty('state');
});

test('the file stays the same one, and a shorter text leaves nothing of a longer one', async () => {
  writeFileSync(file, 'x'.repeat(10_000));
  const { ino } = statSync(file);
  const lifecycle = quickLifecycle();
  writeTerminationLog(file, lifecycle, pino({}, log));

  await lifecycle.start();
  await lifecycle.shutdown('SIGTERM');

  expect(statSync(file).ino).toBe(ino);
  expect(read()).toMatchObject({ outcome: 'clean' });
});

test('the text never exceeds 4096 bytes', async () => {
  writeFileSync(file, '');
  const hooks = new Hooks(60_000);
  for (let i = 0; i < 1000; i++) hooks.add({ name: `hook-${i}`, stop: () => undefined });
  const lifecycle = quickLifecycle([], hooks);
  writeTerminationLog(file, lifecycle, pino({}, log));

  await lifecycle.start();
  await lifecycle.shutdown('SIGTERM');

  expect(statSync(file).size).toBeLessThanOrEqual(4096);
  expect(read()).toMatchObject({ outcome: 'clean' });
});

test('a file that does not exist is a warning, and is not made', async () => {
  const lifecycle = quickLifecycle();
  writeTerminationLog(file, lifecycle, pino({}, log));

  await lifecycle.start();
  await lifecycle.shutdown('SIGTERM');

  expect(existsSync(file)).toBe(false);
  expect(log.lines.at(-1)).toMatchObject({ level: 40, event: 'termination-log', err: { code: 'ENOENT' } });
});
