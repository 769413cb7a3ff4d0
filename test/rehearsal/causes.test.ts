// Which cause a rehearsal names, from what it has seen: without a process.
import { expect, test } from '@jest/globals';
import type { Replica } from '../../rehearsal/cluster/replica.ts';
import { type Closure, type Entry, Ledger } from '../../rehearsal/load/ledger.ts';
import type { Plan } from '../../rehearsal/plan.ts';
import { diagnose } from '../../rehearsal/verdict/diagnosis.ts';
import type { Facts } from '../../rehearsal/verdict/facts.ts';
import { isHardlyChance } from '../../rehearsal/verdict/rules/chance.ts';
import { closingHabit } from '../../rehearsal/verdict/rules/closing.ts';
import type { Lost } from '../../rehearsal/verdict/rules/rule.ts';
import { faulty, planOf } from '../support/rehearsal-plan.ts';

/** When the change begins. */
const CHANGE_MS = 5000;

function replicaOf(name: string, changes: object = {}): Replica {
  const usual = { name, states: [], outages: [], stalls: [], inRotation: [{ fromMs: 0, toMs: Infinity }] };
  return { ...usual, ...changes } as unknown as Replica;
}

/** Told to go at 5 s, forgotten at 6 s, gone at 8 s. */
const leaving = (changes: object = {}) =>
  replicaOf('old-1', {
    sigtermAtMs: CHANGE_MS,
    inRotation: [{ fromMs: 0, toMs: 6000 }],
    exit: { atMs: 8000, code: 0, signal: null },
    ...changes,
  });

/** Answered within a millisecond, unless something else is said. */
function request(replica: Replica, dueMs: number, changes: Partial<Entry> = {}): Entry {
  const times = { dueMs, sentMs: dueMs, answerDueMs: dueMs, endMs: dueMs + 1 };
  return { kind: 'get', method: 'GET', path: '/', ...times, replica, newConnection: false, ...changes };
}

function lossOf(cause: Lost['loss']['cause'], detail: string): Pick<Lost, 'loss'> {
  return { loss: { cause, detail, state: undefined } };
}

/** So many of them, evenly over a time. */
function requests(
  replica: Replica,
  count: number,
  [fromMs, toMs]: [number, number],
  changes: (dueMs: number) => Partial<Entry> = () => ({}),
): Entry[] {
  const dues = Array.from({ length: count }, (_, i) => fromMs + ((toMs - fromMs) * i) / count);
  return dues.map((dueMs) => request(replica, dueMs, changes(dueMs)));
}

interface Seen {
  closures?: Closure[];
  keepAliveMs?: number;
  /** Answers on kept connections after SIGTERM, and how many of them said close. */
  farewells?: { replica: Replica; answers: number; close: number };
  plan?: Parameters<typeof planOf>[1];
}

function findings(entries: Entry[], replicas: Replica[], seen: Seen = {}) {
  const ledger = new Ledger();
  for (const entry of entries) ledger.settle(entry);
  ledger.sent = entries.length;
  ledger.closures.push(...(seen.closures ?? []));
  ledger.keepAliveMs = seen.keepAliveMs;
  if (seen.farewells !== undefined) ledger.farewells.set(seen.farewells.replica, seen.farewells);
  const plan: Plan = planOf(faulty('none'), seen.plan);
  const facts = { plan, cluster: { replicas }, ledger, changeFromMs: CHANGE_MS } as unknown as Facts;
  const lost = entries.filter((entry): entry is Lost => entry.loss !== undefined);
  return diagnose(facts, lost);
}

const HANGS = { ...lossOf('timeout', 'no answer after 1000 ms') };
/** The client gives up a second later. */
const hanging = (dueMs: number): Partial<Entry> => ({ ...HANGS, endMs: dueMs + 1000 });

test('what hangs now and then is no fault of the shutdown, though clients give up when that is under way', () => {
  const [old, young] = [leaving(), replicaOf('new-1')];
  const entries = [
    ...requests(old, 2000, [0, 5000]),
    ...requests(old, 2, [4500, 5000], hanging), // given up after SIGTERM
    ...requests(old, 300, [5000, 6000]),
    request(old, 5500, hanging(5500)),
    ...requests(young, 1000, [5000, 8000]),
    ...requests(young, 1, [7000, 7001], hanging),
  ];

  const [finding] = findings(entries, [old, young]);

  expect(finding).toMatchObject({ lost: 4, advice: expect.stringMatching(/^It hangs now and then/) });
  expect(finding?.text).toMatch(
    /2 of them before anything had changed .*: about one of every 826, whether or not/,
  );
});

test('what is lost far more often when a replica leaves is its shutdown’s, and the rest stays what it is', () => {
  const old = leaving();
  const entries = [
    ...requests(old, 2000, [0, 5000]),
    ...requests(old, 4, [1000, 5000], hanging),
    ...requests(old, 40, [5000, 6000], hanging),
  ];

  expect(findings(entries, [old]).map(({ lost, advice }) => [lost, advice])).toEqual([
    [40, expect.stringMatching(/^A service that leaves must answer/)],
    [4, expect.stringMatching(/^It hangs now and then/)],
  ]);
});

test('what only those lose that stay, and only during the change, comes of the load that is theirs then', () => {
  const [old, other] = [leaving(), replicaOf('old-2')];
  const entries = [
    ...requests(old, 2000, [0, 5000]),
    ...requests(other, 2000, [0, 5000]),
    ...requests(other, 500, [5000, 8000]),
    ...requests(other, 50, [5000, 6000], () => lossOf('status', 'status 503')),
  ];

  const [finding] = findings(entries, [old, other], { plan: { deployment: { maxUnavailable: 1 } } });

  expect(finding).toMatchObject({ lost: 50, setting: 'maxUnavailable' });
  expect(finding?.text).toMatch(/lost with old-2 during the change, though nobody had told that to go/);
});

test.each([
  [5, 5, 0.5, false], // 3 %
  [7, 7, 0.5, true], // 0.8 %
  [0, 100, 0.01, false],
  [1, 4, 0.05, false],
  [200_000, 300_000, 0.1, true],
  [30_000, 300_000, 0.1, false],
  [3, 3, 1, false],
  [3, 3, 0, true],
])(
  'that %i of %i come from a part with the share %d can hardly be chance: %s',
  (count, all, share, hardly) => {
    expect(isHardlyChance(count, all, share)).toBe(hardly);
  },
);

test('a replica that serves nothing from its first request on is ready too early, whether or not it ever serves', () => {
  const [old, late, never] = [replicaOf('old-1'), replicaOf('new-1'), replicaOf('new-2')];
  const busy = () => lossOf('status', 'status 503');
  const entries = [
    ...requests(old, 500, [0, 9000]),
    ...requests(late, 20, [6000, 8000], busy),
    ...requests(late, 20, [8000, 9000]),
    ...requests(never, 10, [8000, 9000], busy),
  ];
  for (const replica of [late, never]) replica.inRotation[0] = { fromMs: 6000, toMs: Infinity };

  const [finding] = findings(entries, [old, late, never]);

  expect(finding).toMatchObject({ lost: 30, setting: 'readinessProbe' });
  expect(finding?.text).toMatch(
    /with new-1, new-2, which passed readiness and served nothing for up to 2\.9 s then/,
  );
});

test('where nobody ever serves, readiness is not to blame', () => {
  const old = replicaOf('old-1');
  const [finding] = findings(
    requests(old, 50, [0, 9000], () => lossOf('status', 'status 404')),
    [old],
  );

  expect(finding?.advice).toMatch(/does not stand this load, or the paths are not its own/);
});

const ECONNRESET = (cause: 'reset-kept' | 'reset-new' | 'broken') => lossOf(cause, 'ECONNRESET');

test.each<[what: string, changes: Partial<Entry>, says: RegExp]>([
  [
    'an answer that has begun',
    ECONNRESET('broken'),
    /^1 answer was broken off half-way, 2\.0 s after SIGTERM/,
  ],
  ['a stream', { kind: 'stream', ...ECONNRESET('broken') }, /^1 stream or WebSocket was broken off/],
  [
    'a request on a new connection',
    ECONNRESET('reset-new'),
    /^1 request that had been accepted got no answer: .*the connection was closed/,
  ],
  [
    'a request that has waited',
    { endMs: 7400, ...ECONNRESET('reset-kept') },
    /got no answer: after up to 400 ms/,
  ],
  [
    'a request that had just been sent',
    ECONNRESET('reset-kept'),
    /met a connection that was closed under them/,
  ],
])('the end of a connection under %s is named as what it is', (_what, changes, says) => {
  const old = leaving();
  const [finding] = findings([request(old, 7000, changes)], [old]);

  expect(finding?.text).toMatch(says);
});

test.each([
  ['few answers said close', 7000, { answers: 20, close: 3 }, 'Connection: close'],
  ['all answers said close', 5010, { answers: 20, close: 20 }, 'idle connections'],
  ['there were no answers', 5010, { answers: 0, close: 0 }, 'idle connections'],
  ['all answers said close, and it ended', 8000, { answers: 20, close: 20 }, 'idle connections'],
])('where %s, a closed connection is about what is missing', (_what, dueMs, counts, setting) => {
  const old = leaving();
  const seen = { farewells: { replica: old, ...counts } };

  const [finding] = findings([request(old, dueMs, ECONNRESET('reset-kept'))], [old], seen);

  expect(finding?.setting).toBe(setting);
});

test('of a program whose answers take their time, a request that waited for less was being worked on, too', () => {
  const old = leaving();
  const reset = request(old, 7000, { endMs: 7050, ...ECONNRESET('reset-kept') });
  const slow = requests(old, 100, [0, 5000], (dueMs) => ({ endMs: dueMs + 100 }));

  expect(findings([...slow, reset], [old])[0]?.text).toMatch(/got no answer: after up to 50 ms/);
  expect(findings([...requests(old, 100, [0, 5000]), reset], [old])[0]?.text).toMatch(/closed under them/);
});

test('a program that SIGTERM ends at once is told so, whatever its connections were', () => {
  const old = leaving({ exit: { atMs: 5010, code: null, signal: 'SIGTERM' } });

  const [finding] = findings([request(old, 5010, ECONNRESET('reset-kept'))], [old]);

  expect(finding).toMatchObject({
    setting: 'SIGTERM',
    text: expect.stringMatching(/SIGTERM ended the program at once/),
  });
});

const times = (count: number, history: { answers: number; idleMs: number }) =>
  Array.from({ length: count }, () => history);

test.each([
  ['five answers each', times(5, { answers: 5, idleMs: 0 }), { answers: 5 }],
  [
    'five answers, whatever the time',
    [900, 300, 2000, 150, 400].map((idleMs) => ({ answers: 5, idleMs })),
    { answers: 5 },
  ],
  [
    'two seconds each',
    [1, 1, 1, 1, 1].map((answers, i) => ({ answers, idleMs: 2000 + i })),
    { idleMs: 2000 },
  ],
  [
    'two seconds, whatever the answers',
    [1, 8, 3, 9, 2].map((answers, i) => ({ answers, idleMs: 2000 + i })),
    { idleMs: 2000 },
  ],
  ['one that was idle', [{ answers: 1, idleMs: 5000 }], { idleMs: 5000 }],
  ['too few', times(4, { answers: 5, idleMs: 0 }), undefined],
  ['all kinds', [1, 2, 3, 4, 5].map((answers) => ({ answers, idleMs: answers })), undefined],
  ['none', [], undefined],
])('connections that are closed after %s have a habit in common, or none', (_what, closed, habit) => {
  expect(closingHabit(closed)).toEqual(habit);
});

test.each([
  ['is said to be short', { keepAliveMs: 5000 }, /idle for 5\.0 s, as its Keep-Alive header says:/],
  [
    'is seen to be short',
    { closures: [{ replica: replicaOf('old-2'), atMs: 4000, answers: 1, idleMs: 3000 }] },
    /idle for 3\.0 s:/,
  ],
])('a time-out of idle connections that %s is warned about', (_what, seen, says) => {
  expect(findings([], [], seen)).toEqual([
    expect.objectContaining({
      severity: 'warning',
      setting: 'keep-alive time-out',
      text: expect.stringMatching(says),
    }),
  ]);
});

test.each([
  ['long enough', { keepAliveMs: 60_000 }],
  [
    'ended with their process',
    {
      closures: [
        {
          replica: replicaOf('old-2', {
            outages: [{ cause: 'exit', how: 'exit 1', fromMs: 4100, toMs: 4500 }],
          }),
          atMs: 4000,
          answers: 1,
          idleMs: 3000,
        },
      ],
    },
  ],
  [
    'ended by a process that crashes, and is still ending',
    {
      closures: [{ replica: replicaOf('old-2', { killed: 'crash' }), atMs: 4000, answers: 1, idleMs: 3000 }],
    },
  ],
])('idle connections that are kept %s are no reason to warn', (_what, seen) => {
  expect(findings([], [], seen)).toEqual([]);
});

test('idle connections that are closed while the replica still is an endpoint are warned about, later ones are not', () => {
  const old = leaving();
  const closed = (atMs: number) =>
    Array.from({ length: 5 }, () => ({ replica: old, atMs, answers: 3, idleMs: 40 }));

  expect(findings([], [old], { closures: closed(5100) })[0]?.text).toMatch(
    /^5 idle connections of old-1 were closed 0\.1 s after SIGTERM, while it still was an endpoint/,
  );
  expect(findings([], [old], { closures: closed(6100) })).toEqual([]);
  const hasty = leaving({ exit: { atMs: 5200, code: null, signal: 'SIGTERM' } });
  const withIt = closed(5100).map((closure) => ({ ...closure, replica: hasty }));
  expect(findings([], [hasty], { closures: withIt })).toEqual([]);
});

test.each<
  [what: string, entries: (old: Replica) => Entry[], farewell: [number, number], says: RegExp, advice: RegExp]
>([
  [
    'refuses and serves on',
    (old) => [request(old, 5200, lossOf('refused', 'ECONNREFUSED')), request(old, 7900)],
    [20, 0],
    /It had reacted to SIGTERM, it refused new connections from 201 ms on, and still served kept connections at the end/,
    /It waits for clients that it does not ask to go/,
  ],
  [
    'says close, and is busy',
    (old) => [request(old, 5500)],
    [20, 20],
    /It had reacted to SIGTERM, it said Connection: close in 20 of 20 answers, and was still busy/,
    /Set terminationGracePeriodSeconds to more than it needs/,
  ],
  [
    'goes on as before',
    (old) => [request(old, 7900, { newConnection: true })],
    [20, 0],
    /Nothing showed that it had noticed SIGTERM: it took new connections and never said Connection: close/,
    /let the program itself be PID 1/,
  ],
  [
    'is not asked',
    () => [],
    [0, 0],
    /Nothing showed that it had noticed SIGTERM\.$/,
    /let the program itself be PID 1/,
  ],
])(
  'SIGKILL for a program that %s is explained by what was seen',
  (_what, entries, [answers, close], says, advice) => {
    const old = leaving({ killed: 'grace', exit: { atMs: 8000, code: null, signal: 'SIGKILL' } });
    const all = findings(entries(old), [old], { farewells: { replica: old, answers, close } });

    const found = all.find(({ text }) => text.startsWith('SIGKILL ended old-1'));
    expect(found?.text).toMatch(says);
    expect(found?.advice).toMatch(advice);
  },
);

test('a request that never ends has to be cut where the scenario is about that: there is nothing to advise', () => {
  const report = {
    listeners: [{ connections: { cut: 0 }, requests: { cut: 1, lifetime: { answered: 0 } } }],
    cutRequests: [],
    ms: {},
    exitCode: 0,
  };
  const old = leaving({ report });
  const stuck = request(old, 4000, { kind: 'stuck', endMs: 7900, ...ECONNRESET('reset-new') });

  const [finding] = findings([stuck], [old], { plan: { scenario: 'stuck-request' } });

  expect(finding?.text).toMatch(/^1 request that never ended, one for each replica that left, had to be cut/);
  expect(finding?.advice).toBeUndefined();
});

test('a program that waits for such a request until SIGKILL is told to limit its wait, not to be given more time', () => {
  const old = leaving({ killed: 'grace', exit: { atMs: 8000, code: null, signal: 'SIGKILL' } });
  const refused = request(old, 5500, lossOf('refused', 'ECONNREFUSED'));

  const all = findings([refused], [old], { plan: { scenario: 'stuck-request' } });

  const killed = all.find(({ text }) => text.startsWith('SIGKILL'));
  expect(killed?.text).toMatch(/and waited for a request that never ends\.$/);
  expect(killed?.advice).toMatch(/^Set a limit to what it waits for/);
});

test('a hook that did not end, or failed, is named', () => {
  const hooks = [
    { name: 'orders', result: 'timeout' },
    { name: 'mail', result: 'error' },
    { name: 'cache', result: 'ok' },
  ];
  const report = { listeners: [], cutRequests: [], ms: {}, outcome: 'hook-failed', exitCode: 81, hooks };
  const old = leaving({ report });

  expect(findings([], [old])).toEqual([
    {
      severity: 'note',
      lost: 0,
      text: 'Reported by old-1: hook-failed, exit 81; the hook orders did not end in time, the hook mail failed.',
    },
  ]);
});

test('latency that grows before anything has changed is found, and one that is only high is not', () => {
  const old = replicaOf('old-1');
  const taking = (ms: (dueMs: number) => number) =>
    requests(old, 300, [0, 5000], (dueMs) => ({ endMs: dueMs + ms(dueMs) }));

  expect(
    findings(
      taking((dueMs) => dueMs / 2),
      [old],
    )[0]?.text,
  ).toMatch(/^Latency grew from 4\d\d ms to 2\.1 s \(median\)/);
  expect(
    findings(
      taking(() => 2000),
      [old],
    ),
  ).toEqual([]);
});

test('a replica that becomes slow with SIGTERM is found', () => {
  const old = leaving();
  const entries = [
    ...requests(old, 300, [0, 5000]),
    ...requests(old, 20, [5000, 6000], (dueMs) => ({ endMs: dueMs + 1500 })),
  ];

  expect(findings(entries, [old])[0]?.text).toMatch(
    /^old-1 became slow with SIGTERM: 20 requests took up to 1\.5 s/,
  );
});

test('bodies that only differ from those before are worth a word, and no loss', () => {
  const old = leaving();

  expect(findings([request(old, 5500, { unlike: true })], [old])).toEqual([
    expect.objectContaining({
      severity: 'warning',
      text: expect.stringMatching(/^1 answer of old-1 after SIGTERM had another body/),
    }),
  ]);
});

test('what a proxy met on a connection that was closed under it is said of that, also if it names no replica', () => {
  const old = leaving();
  const plan = { network: { front: 'haproxy' as const } };
  const unknown = { ...request(old, 5500), ...lossOf('reset-new', 'ECONNRESET'), replica: undefined };
  const known = { ...request(old, 5600), ...lossOf('reset-kept', 'status 502 of haproxy') };

  const [finding, ...others] = findings([unknown, known], [old], { plan });

  expect(finding?.text).toMatch(
    /^2 requests were lost \(1 ECONNRESET, 1 status 502 of haproxy\) because HAProxy had sent them on a connection that old-1 closed/,
  );
  expect(others).toEqual([]);
  // A proxy that loses something before anybody leaves is no reason to say anything of the shutdown.
  expect(findings([{ ...unknown, endMs: 10 }], [old], { plan })[0]?.text).not.toMatch(/HAProxy/);
});

const crashed = () =>
  replicaOf('old-1', {
    killed: 'crash',
    crashedAtMs: CHANGE_MS,
    outages: [{ cause: 'exit', how: 'exit 1', fromMs: 5200, toMs: 6000 }],
  });
const evicted = () => leaving({ evicted: true, closedAtMs: 7000 });

test.each<[what: string, replica: Replica, changes: Partial<Entry>, unavoidable: number | undefined]>([
  ['to a process that is crashing', crashed(), { dueMs: 5100, endMs: 5101 }, 1],
  ['to a process that has crashed', crashed(), { dueMs: 5900, endMs: 5901 }, 1],
  ['before the crash', crashed(), { dueMs: 4900, endMs: 4901 }, undefined],
  ['long after it', crashed(), { dueMs: 6900, endMs: 6901 }, undefined],
  ['to one that was evicted and has closed its listener', evicted(), { dueMs: 7500, endMs: 7501 }, 1],
  ['to one that was deleted', leaving({ evicted: false }), { dueMs: 5500, endMs: 5501 }, undefined],
  ['that was stuck', leaving({ evicted: false }), { kind: 'stuck', dueMs: 5500, endMs: 5501 }, 1],
])('a request %s is unavoidable, or not', (_what, replica, changes, unavoidable) => {
  const lost = { ...request(replica, 0, changes), ...lossOf('refused', 'ECONNREFUSED') };

  expect(findings([lost], [replica])[0]?.unavoidable).toBe(unavoidable);
});
