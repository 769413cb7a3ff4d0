import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ShutdownSettings } from '../../../src/lastcall/lifecycle/budget.ts';
import { Hooks } from '../../../src/lastcall/lifecycle/hooks.ts';
import { Lifecycle } from '../../../src/lastcall/lifecycle/lifecycle.ts';
import type { Drainable } from '../../../src/lastcall/lifecycle/drainable.ts';
import type { DrainOptions, ListenerResult, LostRequest } from '../../../src/lastcall/lifecycle/drainable.ts';
import type { Report } from '../../../src/lastcall/lifecycle/report.ts';
import { tally } from '../../../src/lastcall/lifecycle/tally.ts';
import { counts } from '../../support/counts.ts';
import { DEFAULT_SETTINGS } from '../../support/lifecycle.ts';
import { useFakeTime, useRealTime } from '../../support/fake-time.ts';

const STUCK: LostRequest = {
  outcome: 'cut',
  listener: 'fake',
  method: 'GET',
  route: '/stuck',
  ageMs: 1,
  bytesSent: 0,
  requestId: 'a',
};

/** A listener whose drain ends when the test says so, or with a cut at the deadline. */
class FakeListener implements Drainable {
  readonly port = 1;
  readonly name: string;
  lastTrafficAt = -Infinity;
  calls: string[] = [];
  options: DrainOptions | undefined;
  stuck = true;
  #finish: (() => void) | undefined;

  constructor(name = 'fake') {
    this.name = name;
  }
  async start(): Promise<void> {
    this.calls.push('start');
  }
  giveNotice(): void {
    this.calls.push('notice');
  }
  async stop(options: DrainOptions): Promise<ListenerResult> {
    this.calls.push('drain');
    this.options = options;
    const startedAt = performance.now();
    const cut = await new Promise<boolean>((resolve) => {
      this.#finish = () => resolve(false);
      if (options.deadline.aborted) resolve(true);
      options.deadline.addEventListener('abort', () => resolve(true));
    });
    const ms = performance.now() - startedAt;
    return { name: this.name, result: cut ? 'cut' : 'closed', ms, cutRequests: cut ? this.cut() : [] };
  }
  finish(): void {
    this.#finish?.();
  }
  expedite(): void {
    this.calls.push('expedite');
  }
  cut(): LostRequest[] {
    this.calls.push('cut');
    return this.stuck ? [STUCK] : [];
  }
  tally() {
    return tally(counts(), undefined, undefined);
  }
}

function setUp(settings: Partial<ShutdownSettings> = {}, listeners = [new FakeListener()]) {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const exits: number[] = [];
  const states: string[] = [];
  const hooks = new Hooks(all.cleanupTimeoutMs);
  const scraped: (() => void)[] = [];
  const scrapes = {
    seen: false,
    patienceMs: (mostMs: number) => (scrapes.seen ? mostMs : 0),
    next: async () => new Promise<void>((resolve) => scraped.push(resolve)),
  };
  const lifecycle = new Lifecycle({
    settings: all,
    hooks,
    listeners,
    scrapes,
    exit: (code) => exits.push(code),
  });
  let report: Report | undefined;
  lifecycle.on('state', ({ state }) => states.push(state));
  lifecycle.on('report', (final) => (report = final));
  const term = (signal: NodeJS.Signals = 'SIGTERM') => {
    lifecycle.signal(signal);
    void lifecycle.shutdown();
  };
  const [listener = new FakeListener()] = listeners;
  return { lifecycle, listener, hooks, scrapes, scraped, exits, states, term, report: () => report };
}

/** Lets promises settle without letting time pass. */
const settle = async () => jest.advanceTimersByTimeAsync(0);

beforeEach(useFakeTime);
afterEach(useRealTime);

describe('the way through the states', () => {
  test('start opens the listeners after the hooks and is ready', async () => {
    const { lifecycle, listener, hooks, states } = setUp();
    hooks.add({ name: 'db', start: () => listener.calls.push('hook') });
    await lifecycle.start();
    expect(listener.calls).toEqual(['hook', 'start']);
    expect(states).toEqual(['ready']);
    expect(lifecycle.started).toBe(true);
  });

  test('the window lasts its least time when there is no traffic', async () => {
    const { lifecycle, listener, states, term } = setUp();
    await lifecycle.start();
    term();
    expect(states.at(-1)).toBe('lame-duck');
    expect(listener.calls.at(-1)).toBe('notice');
    await jest.advanceTimersByTimeAsync(4999);
    expect(states.at(-1)).toBe('lame-duck');
    await jest.advanceTimersByTimeAsync(1);
    expect(states.at(-1)).toBe('draining');
  });

  test('traffic in the window keeps it open until it has been quiet', async () => {
    const { lifecycle, listener, states, term } = setUp();
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(4500);
    listener.lastTrafficAt = performance.now();
    await jest.advanceTimersByTimeAsync(1999);
    expect(states.at(-1)).toBe('lame-duck');
    await jest.advanceTimersByTimeAsync(1);
    expect(states.at(-1)).toBe('draining');
  });

  test('constant traffic ends the window at its maximum', async () => {
    const { lifecycle, listener, states, term } = setUp();
    await lifecycle.start();
    const traffic = setInterval(() => (listener.lastTrafficAt = performance.now()), 100);
    term();
    await jest.advanceTimersByTimeAsync(9999);
    expect(states.at(-1)).toBe('lame-duck');
    await jest.advanceTimersByTimeAsync(1);
    clearInterval(traffic);
    expect(states.at(-1)).toBe('draining');
  });

  test('all listeners drain in parallel and the slowest decides', async () => {
    const [http, https] = [new FakeListener('http'), new FakeListener('https')];
    const { lifecycle, states, term, report, exits } = setUp({}, [http, https]);
    const results: string[] = [];
    lifecycle.on('listener', ({ name, result }) => results.push(`${name} ${result}`));
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(5000);
    http.finish();
    await settle();
    expect(results).toEqual(['http closed']);
    expect(states.at(-1)).toBe('draining');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(results).toEqual(['http closed', 'https cut']);
    expect(exits).toEqual([80]);
    expect(report()).toMatchObject({
      outcome: 'cut',
      listeners: [
        { name: 'http', result: 'closed' },
        { name: 'https', result: 'cut' },
      ],
    });
  });

  test('a drain time-out of 0 cuts at once', async () => {
    const { lifecycle, listener, term, exits } = setUp({ drainTimeoutMs: 0 });
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(5000);
    expect(listener.options?.deadline.aborted).toBe(true);
    expect(exits).toEqual([80]);
  });

  test('a drain time-out of none waits as long as it takes', async () => {
    const { lifecycle, listener, term, exits } = setUp({ drainTimeoutMs: Infinity });
    await lifecycle.start();
    term();
    expect(lifecycle.remainingMs).toBeUndefined();
    await jest.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(exits).toEqual([]);
    listener.finish();
    await settle();
    expect(exits).toEqual([0]);
  });

  test('the final scrape ends with the next scrape', async () => {
    const { lifecycle, listener, scrapes, scraped, states, term, exits } = setUp();
    await lifecycle.start();
    scrapes.seen = true;
    term();
    await jest.advanceTimersByTimeAsync(5000);
    listener.finish();
    await settle();
    expect(states.at(-1)).toBe('final-scrape');
    await jest.advanceTimersByTimeAsync(3000);
    scraped[0]?.();
    await settle();
    expect(exits).toEqual([0]);
    expect(lifecycle.durationMs('final-scrape')).toBe(3000);
  });

  test('the final scrape ends after its longest wait', async () => {
    const { lifecycle, listener, scrapes, term, exits } = setUp();
    await lifecycle.start();
    scrapes.seen = true;
    term();
    await jest.advanceTimersByTimeAsync(5000);
    listener.finish();
    await jest.advanceTimersByTimeAsync(14_999);
    expect(exits).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(exits).toEqual([0]);
  });

  test('a hook that is not critical may fail: it is told, and the shutdown is clean', async () => {
    const { lifecycle, hooks, listener, term, exits, report } = setUp({ windowMs: 0 });
    hooks.add({
      name: 'tracer',
      critical: false,
      stop: async () => Promise.reject(new Error('no collector')),
    });
    await lifecycle.start();
    term();
    await settle();
    listener.finish();
    await settle();
    expect(exits).toEqual([0]);
    expect(report()).toMatchObject({ outcome: 'clean', hooks: [{ name: 'tracer', result: 'error' }] });
  });

  test('the farewell comes last, and gets the report', async () => {
    const { lifecycle, listener, term, exits, states } = setUp({ windowMs: 0 });
    const told: unknown[] = [];
    let done = () => undefined as void;
    lifecycle.farewell = async (report) => {
      told.push(report, states.at(-1));
      await new Promise<void>((resolve) => (done = resolve));
    };
    await lifecycle.start();
    term();
    await settle();
    listener.finish();
    await settle();
    expect(told).toMatchObject([{ outcome: 'clean', exitCode: 0 }, 'cleanup']);
    expect(exits).toEqual([]);
    done();
    await settle();
    expect(exits).toEqual([0]);
  });

  test.each([
    ['hangs', async () => new Promise(() => undefined)],
    ['fails', async () => Promise.reject(new Error('no collector'))],
  ])('a farewell that %s costs at most 400 ms, and nothing else', async (_what, farewell) => {
    const { lifecycle, listener, term, exits, report } = setUp({ windowMs: 0 });
    lifecycle.farewell = farewell;
    await lifecycle.start();
    term();
    await settle();
    listener.finish();
    await jest.advanceTimersByTimeAsync(401);
    expect(exits).toEqual([0]);
    expect(report()).toMatchObject({ outcome: 'clean' });
  });
});

describe('deadlines', () => {
  test('the overall deadline is armed at the signal and ends whatever hangs', async () => {
    const { lifecycle, listener, term, exits, report } = setUp({ drainTimeoutMs: Infinity, graceMs: 40_000 });
    await lifecycle.start();
    term();
    expect(lifecycle.remainingMs).toBe(39_000);
    await jest.advanceTimersByTimeAsync(38_999);
    expect(exits).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(exits).toEqual([82]);
    expect(listener.calls).toContain('cut');
    expect(report()).toMatchObject({ outcome: 'deadline', cutRequests: [STUCK], ms: { total: 39_000 } });
  });

  test('phases that all use their whole time end before the overall deadline', async () => {
    const { lifecycle, hooks, listener, scrapes, term, exits } = setUp();
    hooks.add({ name: 'hung', stop: async () => new Promise(() => undefined) });
    await lifecycle.start();
    scrapes.seen = true;
    const traffic = setInterval(() => (listener.lastTrafficAt = performance.now()), 100);
    term();
    await jest.advanceTimersByTimeAsync(10_000 + 10_000 + 4000 + 15_000);
    clearInterval(traffic);
    expect(exits).toEqual([80]);
  });

  test('nothing is reported twice when a drain ends after the overall deadline', async () => {
    const { lifecycle, listener, term, exits } = setUp({ drainTimeoutMs: Infinity, graceMs: 40_000 });
    const results: string[] = [];
    lifecycle.on('listener', ({ result }) => results.push(result));
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(39_000);
    listener.finish();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(results).toEqual(['cut']);
    expect(exits).toEqual([82]);
    expect(lifecycle.state).toBe('exited');
  });
});

describe('signals', () => {
  test('SIGTERM again and again is counted and changes nothing', async () => {
    const { lifecycle, listener, states, term, report } = setUp();
    await lifecycle.start();
    term();
    for (let i = 0; i < 4; i++) {
      await jest.advanceTimersByTimeAsync(500);
      term();
    }
    expect(states).toEqual(['ready', 'lame-duck']);
    await jest.advanceTimersByTimeAsync(3000);
    listener.finish();
    await settle();
    expect(report()).toMatchObject({ outcome: 'clean', repeatedSignals: 4, ms: { window: 5000 } });
  });

  test('a second SIGINT ends the window, the idle wait and the patience with hooks', async () => {
    const { lifecycle, listener, hooks, scrapes, states, term, exits } = setUp();
    hooks.add({ name: 'hung', stop: async () => new Promise(() => undefined) });
    await lifecycle.start();
    scrapes.seen = true;
    term('SIGINT');
    await jest.advanceTimersByTimeAsync(1000);
    term('SIGINT');
    await settle();
    expect(states.at(-1)).toBe('draining');
    expect(listener.calls).toContain('expedite');
    expect(listener.options?.keepAliveMinIdleMs).toBe(0);
    listener.finish();
    await jest.advanceTimersByTimeAsync(1000);
    expect(exits).toEqual([81]);
  });

  test('SIGINT on top of SIGTERM expedites, the next one forces', async () => {
    const { lifecycle, listener, states, term, exits, report } = setUp();
    await lifecycle.start();
    term('SIGTERM');
    await jest.advanceTimersByTimeAsync(1000);
    term('SIGINT');
    await settle();
    expect(states.at(-1)).toBe('draining');
    await jest.advanceTimersByTimeAsync(1000);
    term('SIGINT');
    expect(exits).toEqual([130]);
    expect(listener.calls).toContain('cut');
    expect(report()).toMatchObject({ outcome: 'forced', reason: 'SIGTERM' });
  });

  test('a SIGINT that comes twice within milliseconds is one keystroke', async () => {
    const { lifecycle, states, term } = setUp();
    await lifecycle.start();
    term('SIGINT');
    await jest.advanceTimersByTimeAsync(20);
    term('SIGINT');
    await jest.advanceTimersByTimeAsync(20);
    expect(states.at(-1)).toBe('lame-duck');
  });

  test('a signal during the start tears down what was started, newest first, without a window', async () => {
    const { lifecycle, listener, hooks, states, term, exits } = setUp();
    const stopped: string[] = [];
    hooks.add({ name: 'first', start: () => undefined, stop: () => stopped.push('first') });
    hooks.add({
      name: 'second',
      start: async (signal) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      stop: () => stopped.push('second'),
    });
    hooks.add({ name: 'third', start: () => undefined, stop: () => stopped.push('third') });
    const starting = lifecycle.start();
    await settle();
    term();
    await starting;
    await settle();
    expect(stopped).toEqual(['second', 'first']);
    expect(listener.calls).toEqual([]);
    expect(states).not.toContain('ready');
    expect(lifecycle.started).toBe(false);
    expect(exits).toEqual([0]);
  });

  test('a signal while a listener is opening closes it again', async () => {
    const listener = new FakeListener();
    const { lifecycle, term, exits } = setUp({}, [listener]);
    let opened = () => undefined as void;
    listener.start = async () => new Promise((resolve) => (opened = resolve));
    const starting = lifecycle.start();
    await settle();
    term();
    opened();
    await starting;
    await settle();
    expect(listener.calls).toContain('drain');
    expect(exits).toEqual([0]);
  });
});

describe('errors', () => {
  test('an uncaught error winds down without a window and exits 1', async () => {
    const { lifecycle, listener, states, exits, report } = setUp();
    await lifecycle.start();
    lifecycle.fatal('uncaughtException', new Error('boom'));
    await settle();
    expect(states.at(-1)).toBe('draining');
    listener.finish();
    await settle();
    expect(exits).toEqual([1]);
    expect(report()).toMatchObject({ outcome: 'crash', reason: 'uncaughtException', error: 'boom' });
  });

  test('an error is told on behalf of the request that threw it, and what it ends in on behalf of nobody', async () => {
    const { lifecycle, listener } = setUp();
    const onBehalfOf = new AsyncLocalStorage<string>();
    const told: Record<string, string | undefined> = {};
    for (const event of ['fatal', 'state', 'listener', 'report'] as const) {
      lifecycle.on(event, () => (told[event] = onBehalfOf.getStore()));
    }
    await lifecycle.start();

    onBehalfOf.run('a request', () => lifecycle.fatal('uncaughtException', new Error('boom')));
    await settle();
    listener.finish();
    await settle();

    expect(told).toEqual({ fatal: 'a request', state: undefined, listener: undefined, report: undefined });
  });

  test('an error in the middle of a shutdown does not stop it, and decides the exit code', async () => {
    const { lifecycle, listener, term, exits, report } = setUp();
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(5000);
    lifecycle.fatal('unhandledRejection', undefined);
    listener.finish();
    await settle();
    expect(exits).toEqual([1]);
    expect(report()).toMatchObject({ reason: 'SIGTERM', listeners: [{ result: 'closed' }] });
  });

  test('a start that fails stops what was started and exits 1', async () => {
    const { lifecycle, hooks, exits, report } = setUp();
    const stopped: string[] = [];
    hooks.add({ name: 'db', start: () => undefined, stop: () => stopped.push('db') });
    hooks.add({ name: 'bad', start: () => Promise.reject(new Error('no')), stop: () => stopped.push('bad') });
    await lifecycle.start();
    expect(stopped).toEqual(['db']);
    expect(exits).toEqual([1]);
    expect(report()).toMatchObject({ reason: 'start-failed', error: 'start-up hook "bad" failed: no' });
  });

  test.each(['state', 'signal', 'listener', 'hook', 'report'] as const)(
    'a subscriber that throws at "%s" is an error that nobody caught, and holds up nothing',
    async (event) => {
      const { lifecycle, listener, hooks, term, exits } = setUp();
      hooks.add({ name: 'db', stop: () => undefined });
      await lifecycle.start();
      lifecycle.on(event, () => {
        throw new Error('boom');
      });
      const uncaught: unknown[] = [];
      // A timer that throws ends an advance; the others that are due have the next one.
      const advance = async (ms: number) =>
        jest.advanceTimersByTimeAsync(ms).catch((error: Error) => uncaught.push(error.message));
      term();
      for (const ms of [5000, 1, 1]) await advance(ms);
      listener.finish();
      for (const ms of [1, 1, 1]) await advance(ms);
      expect(exits).toEqual([0]);
      expect(uncaught).toContain('boom');
    },
  );

  test('a subscriber that throws at "fatal" holds up nothing either, and its own error is not told to it again', async () => {
    const { lifecycle, listener, exits } = setUp();
    await lifecycle.start();
    lifecycle.on('fatal', () => {
      throw new Error('boom');
    });
    lifecycle.fatal('uncaughtException', new Error('first'));
    await settle();
    listener.finish();
    await settle();
    expect(exits).toEqual([1]);
  });

  test('a drain that rejects is an error of that listener, and the others go on', async () => {
    const [bad, good] = [new FakeListener('bad'), new FakeListener('good')];
    bad.stop = () => Promise.reject(new Error('odd'));
    const { lifecycle, term, report } = setUp({}, [bad, good]);
    await lifecycle.start();
    term();
    await jest.advanceTimersByTimeAsync(5000);
    good.finish();
    await settle();
    expect(report()?.listeners).toMatchObject([{ result: 'error' }, { result: 'closed' }]);
    expect(report()?.exitCode).toBe(80);
  });
});
