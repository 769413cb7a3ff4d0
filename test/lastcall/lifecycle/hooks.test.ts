import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type HookResult, Hooks } from '../../../src/lastcall/lifecycle/hooks.ts';

const running = new AbortController().signal;

let hooks: Hooks;
let calls: string[];

beforeEach(() => {
  jest.useFakeTimers();
  hooks = new Hooks(4000);
  calls = [];
});

afterEach(() => {
  jest.useRealTimers();
});

function note(text: string): () => void {
  return () => void calls.push(text);
}

async function never(): Promise<void> {
  await new Promise(() => undefined);
}

/** Stops, lets this much time pass, and returns the results so far. */
async function stopFor(ms: number): Promise<Pick<HookResult, 'name' | 'result' | 'ms'>[]> {
  const results: HookResult[] = [];
  void hooks.stop((result) => results.push(result));
  await jest.advanceTimersByTimeAsync(ms);
  return results.map(({ name, result, ms: took }) => ({ name, result, ms: took }));
}

describe('start-up', () => {
  test('runs in the order of registration, one after the other; the stop is in reverse', async () => {
    for (const name of ['db', 'queue', 'cache']) {
      hooks.add({
        name,
        start: async () => {
          calls.push(`start ${name}`);
          await Promise.resolve();
          calls.push(`started ${name}`);
        },
        stop: note(`stop ${name}`),
      });
    }

    await hooks.start(running);
    await hooks.stop(() => undefined);

    expect(calls).toEqual([
      'start db',
      'started db',
      'start queue',
      'started queue',
      'start cache',
      'started cache',
      'stop cache',
      'stop queue',
      'stop db',
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an error', new Error('refused'), 'start-up hook "queue" failed: refused'],
    ['undefined', undefined, 'start-up hook "queue" failed: undefined'],
    ['what has no text', Object.create(null), 'start-up hook "queue" failed: a value that has no text'],
  ])('ends at the first hook that fails with %s, and names it', async (_name, cause, message) => {
    hooks.add({ name: 'db', start: note('start db'), stop: note('stop db') });
    hooks.add({
      name: 'queue',
      start: () => {
        throw cause;
      },
      stop: note('stop queue'),
    });
    hooks.add({ name: 'cache', start: note('start cache'), stop: note('stop cache') });

    await expect(hooks.start(running)).rejects.toMatchObject({ message, cause });
    const results = await stopFor(0);

    expect(calls).toEqual(['start db', 'stop db']);
    expect(results).toEqual([{ name: 'db', result: 'ok', ms: 0 }]);
  });

  test('that is interrupted stops only what was started, also what is still starting by then', async () => {
    const interruption = new AbortController();
    let opened: (() => void) | undefined;
    let told: AbortSignal | undefined;
    hooks.add({ name: 'db', start: note('start db'), stop: note('stop db') });
    hooks.add({
      name: 'queue',
      start: async (signal) => {
        told = signal;
        await new Promise<void>((resolve) => {
          opened = resolve;
        });
        calls.push('started queue');
      },
      stop: note('stop queue'),
    });
    hooks.add({ name: 'cache', start: note('start cache'), stop: note('stop cache') });
    const starting = hooks.start(interruption.signal);
    await jest.advanceTimersByTimeAsync(0);

    interruption.abort();
    const results: string[] = [];
    const stopping = hooks.stop(({ name, result }) => results.push(`${name} ${result}`));
    await jest.advanceTimersByTimeAsync(100);
    expect(told?.aborted).toBe(true);
    expect(calls).toEqual(['start db']);
    opened?.();
    await Promise.all([starting, stopping]);

    expect(calls).toEqual(['start db', 'started queue', 'stop queue', 'stop db']);
    expect(results).toEqual(['queue ok', 'db ok']);
  });

  test('that never ends is a timeout of its hook, and the others are stopped', async () => {
    hooks.add({ name: 'db', start: () => undefined, stop: note('stop db') });
    hooks.add({ name: 'queue', start: never, stop: note('stop queue') });
    void hooks.start(running);
    await jest.advanceTimersByTimeAsync(0);

    expect(await stopFor(4000)).toEqual([
      { name: 'queue', result: 'timeout', ms: 2000 },
      { name: 'db', result: 'ok', ms: 0 },
    ]);
    expect(calls).toEqual(['stop db']);
  });
});

test('a hook without a start is always stopped, however far the start-up came', async () => {
  hooks.add({
    name: 'db',
    start: () => {
      throw new Error('refused');
    },
    stop: note('stop db'),
  });
  hooks.add({ name: 'log', stop: note('stop log') });
  await expect(hooks.start(running)).rejects.toThrow('refused');

  await stopFor(0);

  expect(calls).toEqual(['stop log']);
});

describe('a hook that fails never stops the others', () => {
  test('a hung, a throwing, a rejecting and a good one each have their result', async () => {
    hooks.add({ name: 'good', stop: note('stop good') });
    hooks.add({
      name: 'throwing',
      stop: () => {
        throw new Error('sync');
      },
    });
    hooks.add({
      name: 'rejecting',
      stop: async () => Promise.reject(undefined),
    });
    hooks.add({ name: 'hung', stop: never });

    expect(await stopFor(4000)).toEqual([
      { name: 'hung', result: 'timeout', ms: 1000 },
      { name: 'rejecting', result: 'error', ms: 0 },
      { name: 'throwing', result: 'error', ms: 0 },
      { name: 'good', result: 'ok', ms: 0 },
    ]);
    expect(calls).toEqual(['stop good']);
  });

  test('each result is told when it is known, with the error', async () => {
    const error = new Error('boom');
    const seen: HookResult[] = [];
    hooks.add({ name: 'a', stop: never });
    hooks.add({ name: 'b', stop: async () => Promise.reject(error), critical: false });
    hooks.add({ name: 'c', stop: async () => Promise.reject(undefined) });

    void hooks.stop((result) => seen.push(result));
    await jest.advanceTimersByTimeAsync(1);

    expect(seen).toEqual([
      { name: 'c', result: 'error', critical: true, ms: 0, error: expect.any(Error) },
      { name: 'b', result: 'error', critical: false, ms: 0, error },
    ]);
    await jest.advanceTimersByTimeAsync(4000);
    expect(seen).toHaveLength(3);
  });

  test('a rejection after the time-out disturbs nobody', async () => {
    hooks.add({
      name: 'late',
      stop: async (signal) => {
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    });

    expect(await stopFor(4000)).toEqual([{ name: 'late', result: 'timeout', ms: 4000 }]);
  });
});

describe('the budget', () => {
  test('is shared fairly by hooks without a timeout; what one leaves is for those behind it', async () => {
    hooks.add({ name: 'third', stop: never });
    hooks.add({ name: 'second', stop: never });
    hooks.add({ name: 'first', stop: () => undefined });

    expect(await stopFor(4000)).toEqual([
      { name: 'first', result: 'ok', ms: 0 },
      { name: 'second', result: 'timeout', ms: 2000 },
      { name: 'third', result: 'timeout', ms: 2000 },
    ]);
  });

  test('gives a hook its own timeout, and the others what that leaves', async () => {
    hooks.add({ name: 'b', stop: never });
    hooks.add({ name: 'a', stop: never });
    hooks.add({ name: 'own', stop: never, timeoutMs: 3000 });

    expect(await stopFor(4000)).toEqual([
      { name: 'own', result: 'timeout', ms: 3000 },
      { name: 'a', result: 'timeout', ms: 500 },
      { name: 'b', result: 'timeout', ms: 500 },
    ]);
  });

  test('is never exceeded by all hooks together', async () => {
    for (let i = 0; i < 50; i++) hooks.add({ name: `hook-${i}`, stop: never });
    let ended = false;
    void (async () => {
      await hooks.stop(() => undefined);
      ended = true;
    })();

    await jest.advanceTimersByTimeAsync(4100);

    expect(ended).toBe(true);
  });

  test('the signal of a hook fires when its time is up, and not before', async () => {
    let given: AbortSignal | undefined;
    hooks.add({
      name: 'db',
      timeoutMs: 1000,
      stop: async (signal) => {
        given = signal;
        await never();
      },
    });

    void hooks.stop(() => undefined);
    await jest.advanceTimersByTimeAsync(999);
    expect(given?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);

    expect(given?.aborted).toBe(true);
    expect(given?.reason).toMatchObject({ message: 'hook "db" ran out of time' });
  });

  test.each([
    ['while a hook is running', true],
    ['before the stop', false],
  ])('shrinks for an operator in a hurry, %s', async (_name, during) => {
    for (const name of ['d', 'c', 'b', 'a']) hooks.add({ name, stop: never, timeoutMs: 1000 });
    const results: string[] = [];
    const onResult = ({ name, result }: HookResult) => results.push(`${name} ${result}`);
    if (!during) hooks.expedite(400);
    void hooks.stop(onResult);
    if (during) hooks.expedite(400);

    await jest.advanceTimersByTimeAsync(90);
    expect(results).toEqual([]);
    await jest.advanceTimersByTimeAsync(320);

    expect(results).toEqual(['a timeout', 'b timeout', 'c timeout', 'd timeout']);
  });

  test('does not grow by a hurry that allows more than it has', async () => {
    hooks.expedite(60_000);
    hooks.add({ name: 'a', stop: never });

    expect(await stopFor(4000)).toEqual([{ name: 'a', result: 'timeout', ms: 4000 }]);
  });
});

describe('a registration is refused', () => {
  test('with HOOK_TIMEOUT when the timeouts add up to more than the budget', () => {
    hooks.add({ name: 'a', stop: never, timeoutMs: 3000 });

    expect(() => hooks.add({ name: 'b', stop: never, timeoutMs: 1001 })).toThrow(
      expect.objectContaining({
        code: 'HOOK_TIMEOUT',
        message: 'hook "b": the hooks\' timeouts add up to 4001 ms, the cleanup budget is 4000 ms',
      }),
    );
    hooks.add({ name: 'b', stop: never, timeoutMs: 1000 });
    expect(hooks.names).toEqual(['a', 'b']);
  });

  test.each([0, -1, Number.NaN])('with HOOK_TIMEOUT for a timeout of %d', (timeoutMs) => {
    expect(() => hooks.add({ name: 'a', timeoutMs })).toThrow(
      expect.objectContaining({ code: 'HOOK_TIMEOUT' }),
    );
  });

  test('with HOOK_NAME when the name is taken', () => {
    hooks.add({ name: 'db' });

    expect(() => hooks.add({ name: 'db' })).toThrow(expect.objectContaining({ code: 'HOOK_NAME' }));
  });

  test('with HOOK_LATE for a start after start-up, and for anything once the stop has begun', async () => {
    await hooks.start(running);
    expect(() => hooks.add({ name: 'a', start: never })).toThrow(
      expect.objectContaining({ code: 'HOOK_LATE' }),
    );
    hooks.add({ name: 'b', stop: note('stop b') });

    await hooks.stop(() => undefined);

    expect(calls).toEqual(['stop b']);
    expect(() => hooks.add({ name: 'c', stop: never })).toThrow(
      expect.objectContaining({ code: 'HOOK_LATE' }),
    );
  });
});

test('the names are of those that have something to stop', () => {
  hooks.add({ name: 'opens', start: never });
  hooks.add({ name: 'closes', stop: never });

  expect(hooks.names).toEqual(['closes']);
});
