import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Health } from '../../../src/lastcall/lifecycle/health.ts';
import { useFakeTime, useRealTime } from '../../support/fake-time.ts';

let health: Health;

beforeEach(() => {
  useFakeTime();
  health = new Health({ timeoutMs: 800, intervalMs: 5000 });
});

afterEach(() => {
  health.stop();
  useRealTime();
});

/** Lets everything happen that is due by then. */
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

test('without checks the process is ready', () => {
  expect(health.ready).toBe(true);
});

test('a check is neither up nor down before its first run has ended, and not ready', async () => {
  health.add('db', async () => new Promise(() => undefined));
  expect(health.ready).toBe(false);

  health.start();
  await pass(799);

  expect(health.ready).toBe(false);
  expect(health.status()).toMatchObject([{ name: 'db', up: undefined, error: undefined, ageMs: undefined }]);
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;

describe('a check is down, with a text, when it rejects with', () => {
  test.each<[string, unknown, string]>([
    ['an error', new Error('connection refused'), 'connection refused'],
    ['an error without a message', new Error(''), 'failed without a message'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an empty text', '', 'failed without a message'],
    ['a circular object', circular, '[object Object]'],
    ['a BigInt', 10n, '10'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['an object that claims to be a success', { statusCode: 200 }, '[object Object]'],
    ['an object without a prototype', Object.create(null), 'a value that has no text'],
    [
      'an object whose toString throws',
      {
        toString: () => {
          throw new Error('no');
        },
      },
      'a value that has no text',
    ],
    ['a very long text', 'x'.repeat(10_000), 'x'.repeat(200)],
  ])('%s', async (_name, reason, error) => {
    health.add('db', async () => {
      await Promise.resolve();
      throw reason;
    });

    health.start();
    await pass(0);

    expect(health.ready).toBe(false);
    expect(health.status()).toMatchObject([{ up: false, error }]);
  });
});

test('a check that throws at once is down like one that rejects', async () => {
  health.add('db', () => {
    throw new Error('sync');
  });

  health.start();
  await pass(0);

  expect(health.status()).toMatchObject([{ up: false, error: 'sync' }]);
});

test('a check that is not done in time is down, and told by its signal', async () => {
  let given: AbortSignal | undefined;
  health.add('db', async (signal) => {
    given = signal;
    await new Promise(() => undefined);
  });

  health.start();
  await pass(799);
  expect(given?.aborted).toBe(false);
  await pass(1);

  expect(given?.aborted).toBe(true);
  expect(health.status()).toMatchObject([{ up: false, error: 'no answer within 800 ms', durationMs: 800 }]);
});

test('a check that rejects after its time is over disturbs nobody', async () => {
  health.add('db', async (signal) => {
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  });

  health.start();
  await pass(800);

  expect(health.status()).toMatchObject([{ error: 'no answer within 800 ms' }]);
});

test('a check runs again an interval after its last end, never twice at the same time', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  health.add(
    'db',
    async () => {
      runs++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => {
        setTimeout(resolve, 700);
      });
      running--;
    },
    { intervalMs: 100 },
  );

  health.start();
  await pass(7999);

  expect(runs).toBe(10);
  expect(most).toBe(1);
});

test('its own timeout and interval win over the defaults', async () => {
  let runs = 0;
  const never = async () => {
    runs++;
    await new Promise(() => undefined);
  };
  health.add('db', never, { timeoutMs: 50, intervalMs: 50 });

  health.start();
  await pass(100);

  expect(runs).toBe(2);
  expect(health.status()).toMatchObject([{ error: 'no answer within 50 ms' }]);
});

test('a check that is not critical is shown and leaves the process ready', async () => {
  health.add(
    'cache',
    () => {
      throw new Error('down');
    },
    { critical: false },
  );

  health.start();
  await pass(0);

  expect(health.ready).toBe(true);
  expect(health.status()).toMatchObject([{ name: 'cache', critical: false, up: false }]);
});

test('a change is told once: first result, down, up again', async () => {
  const changes: (boolean | undefined)[] = [];
  let good = true;
  health.on('change', ({ up }) => changes.push(up));
  health.add('db', () => {
    if (!good) throw new Error('down');
  });

  health.start();
  await pass(20_000);
  expect(changes).toEqual([true]);
  good = false;
  await pass(20_000);
  good = true;
  await pass(20_000);

  expect(changes).toEqual([true, false, true]);
  expect(health.ready).toBe(true);
  expect(health.status()).toMatchObject([{ up: true, error: undefined }]);
});

test('the age of a result is counted from the end of its run', async () => {
  health.add('db', () => undefined);
  health.start();
  await pass(0);
  await pass(1200);

  expect(health.status()).toMatchObject([{ ageMs: 1200, durationMs: 0 }]);
});

test('a check that is added later runs at once', async () => {
  health.start();
  health.add('db', () => undefined);
  expect(health.ready).toBe(false);
  await pass(0);

  expect(health.ready).toBe(true);
});

test('stop ends the rhythm, aborts what runs, and keeps the last results', async () => {
  let runs = 0;
  let given: AbortSignal | undefined;
  health.add('db', () => {
    runs++;
  });
  health.add('slow', async (signal) => {
    given = signal;
    await new Promise(() => undefined);
  });
  health.start();
  await pass(100);

  health.stop();
  expect(given?.aborted).toBe(true);
  await pass(60_000);

  expect(runs).toBe(1);
  expect(health.status()).toMatchObject([{ up: true }, { up: undefined }]);
  expect(jest.getTimerCount()).toBe(0);
});

test('two checks can not have one name', () => {
  health.add('db', () => undefined);

  expect(() => health.add('db', () => undefined)).toThrow(
    expect.objectContaining({ code: 'CHECK_NAME', message: 'health check "db" is registered already' }),
  );
});
