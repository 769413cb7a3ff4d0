import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { startService } from '../harness/service.ts';
import { terminationLog } from '../support/termination-log.ts';

const TIMES = 50;
/** From these lines of its log on; `signal` is the first of its wind-down. */
const FROM = [{ event: 'signal' }, { state: 'lame-duck' }, { state: 'draining' }, { state: 'cleanup' }];
const WITHIN_MS = 100;
const STATES = ['ready', 'lame-duck', 'draining', 'cleanup', 'exited'];

interface Message {
  reason: string;
  /** Undefined in the report of the end. */
  state?: string;
  inFlight?: number;
  listeners: { conserved: boolean }[];
  hooks: { name: string }[];
}

/** Before the signal has arrived, nothing is written. */
const NOTHING: Message = { reason: 'SIGTERM', state: 'ready', listeners: [], hooks: [] };

/** Kills it so long after this line. Returns in which state it was, and what is wrong with what it leaves behind. */
async function kill(
  line: Record<string, string>,
  afterMs: number,
): Promise<{ state: string; wrong: string[] }> {
  const { TERMINATION_LOG, read } = terminationLog();
  const service = startService(
    { TERMINATION_LOG, FAULTS: 'hooks', SHUTDOWN_DRAIN_TIMEOUT: '200ms' },
    { entry: 'test/process/faulty.mjs', stdout: 'pipe' },
  );
  const answers = [1, 2].map(async () => get(`${await service.url}/slow?ms=60000`));
  for (const answer of answers) answer.catch(() => undefined);
  await inFlight(await service.management, 2, Promise.all(answers));
  service.kill('SIGTERM');
  await service.line(line);
  await sleep(afterMs);
  service.kill('SIGKILL');
  await service.ended;

  const text = read();
  const message = text === '' ? NOTHING : (JSON.parse(text) as Message);
  const { state = 'exited', inFlight: open = 0 } = message;
  const logged = service.lines.filter(({ event }) => event === 'lifecycle').at(-1)?.state ?? '';
  const names = new Set(message.hooks.map(({ name }) => name));
  const told = service.lines.filter(({ event }) => event === 'hook').map(({ hook }) => String(hook));
  const rules: [string, boolean][] = [
    [`behind the log, which has come to ${logged}`, STATES.indexOf(state) >= STATES.indexOf(logged)],
    ['another reason', message.reason === 'SIGTERM'],
    ['not conserved', message.listeners.every(({ conserved }) => conserved)],
    ['more in flight than there was', open <= 2],
    // One that has become too long has only the first of those that failed.
    ['hooks of the log are missing', told.slice(0, 5).every((name) => names.has(name))],
  ];
  const wrong = rules
    .filter(([, holds]) => !holds)
    .map(([rule]) => `${afterMs} ms after ${JSON.stringify(line)} ${rule}: ${text}`);
  return { state, wrong };
}

test(`a process that is killed at a random moment of its wind-down, ${TIMES} times, leaves a message that is whole and true`, async () => {
  const found: { state: string; wrong: string[] }[] = [];
  let nth = 0;
  const lane = async () => {
    while (nth < TIMES)
      found.push(await kill(FROM[nth++ % FROM.length]!, Math.floor(Math.random() * WITHIN_MS)));
  };
  await Promise.all([lane(), lane()]);
  expect(found.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(found).toHaveLength(TIMES);
  // It was not always over when the kill came.
  expect(found.filter(({ state }) => state !== 'exited').length).toBeGreaterThan(0);
}, 300_000);
