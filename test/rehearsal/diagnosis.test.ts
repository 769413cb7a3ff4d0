import { expect, test } from '@jest/globals';
import type { Facts } from '../../rehearsal/verdict/facts.ts';
import { diagnose } from '../../rehearsal/verdict/diagnosis.ts';
import { type Entry, Ledger } from '../../rehearsal/load/ledger.ts';
import { conclusionOn } from '../../rehearsal/verdict/conclusion.ts';
import type { Lost } from '../../rehearsal/verdict/rules/rule.ts';
import { planOf, service } from '../support/rehearsal-plan.ts';

/** A request to a replica that serves. */
function lost(cause: NonNullable<Entry['loss']>['cause'], detail: string, dueMs: number): Lost {
  const replica = { name: 'old-1', states: [], outages: [], stalls: [] } as unknown as Entry['replica'];
  const loss = { cause, detail, state: 'ready' };
  return {
    kind: 'get',
    method: 'GET',
    path: '/',
    dueMs,
    sentMs: dueMs,
    answerDueMs: dueMs,
    endMs: dueMs + 1,
    replica,
    newConnection: true,
    loss,
  };
}

/** Of what was lost, and nothing else. */
function findings(entries: Lost[], ledger = new Ledger(), replicas: Entry['replica'][] = []) {
  for (const entry of entries) ledger.settle(entry);
  const facts = { plan: planOf(service()), cluster: { replicas }, ledger, changeFromMs: 1000 };
  return diagnose(facts as unknown as Facts, entries);
}

test('as many losses as a long rehearsal can have are explained', () => {
  const all = Array.from({ length: 300_000 }, (_, i) => lost('status', 'status 404', i));

  expect(findings(all)).toEqual([expect.objectContaining({ severity: 'loss', lost: 300_000 })]);
});

test('what this machine is out of is not blamed on the service', () => {
  const [finding] = findings([lost('reset-new', 'EADDRNOTAVAIL', 2000), lost('reset-new', 'EMFILE', 2000)]);

  expect(finding?.text).toMatch(/2 requests could not be sent by this machine \(1 EADDRNOTAVAIL, 1 EMFILE\)/);
});

test('a load that was sent late is said to be so, though nothing was lost', () => {
  const ledger = new Ledger();
  ledger.sent = 100;
  for (let i = 0; i < 20; i++) ledger.sentAfter(300 + i);

  expect(findings([], ledger)).toEqual([
    expect.objectContaining({
      severity: 'warning',
      text: expect.stringMatching(
        /^20 requests could be sent only later than they were due, by up to 319 ms/,
      ),
    }),
  ]);
});

/** A replica that was told to go at 1000, was draining from 2000 on, and has left a report. */
function leaving(changes: object): NonNullable<Entry['replica']> {
  const states = [
    { state: 'lame-duck', fromMs: 1000, toMs: 2000 },
    { state: 'draining', fromMs: 2000, toMs: 5000 },
  ];
  const report = { listeners: [], cutRequests: [], exitCode: 0 };
  const facts = { name: 'old-1', sigtermAtMs: 1000, states, inRotation: [], outages: [], stalls: [], report };
  return { ...facts, ...changes } as unknown as NonNullable<Entry['replica']>;
}

/** Lost with it from 2000 to 4100. */
function lostWith(replica: Entry['replica'], changes: Partial<Lost> = {}): Lost {
  const loss = { cause: 'reset-kept', detail: 'ECONNRESET', state: 'draining' } as const;
  return {
    ...lost('reset-kept', '', 0),
    replica,
    dueMs: 2000,
    sentMs: 2000,
    answerDueMs: 2000,
    endMs: 4100,
    loss,
    ...changes,
  };
}

test('what waited for a process that got no CPU is not blamed on its window or its clients', () => {
  const stalled = leaving({ stalls: [{ fromMs: 2050, toMs: 4050 }] });

  const [finding] = findings([lostWith(stalled)]);

  expect(finding).toMatchObject({ lost: 1, setting: 'resources.limits.cpu' });
  expect(finding?.text).toMatch(/old-1, whose process got no CPU for up to 2\.0 s while it was draining/);
});

test('what was lost long after a stall is not blamed on it', () => {
  const stalled = leaving({ stalls: [{ fromMs: 1000, toMs: 1500 }] });

  const [finding] = findings([lostWith(stalled, { dueMs: 3000 })]);

  expect(finding?.setting).not.toBe('resources.limits.cpu');
});

test('what is lost without a stall, too, is not blamed on it', () => {
  const stalled = leaving({ stalls: [{ fromMs: 2050, toMs: 4050 }] });
  const inIt = Array.from({ length: 3 }, () => lostWith(stalled));
  const before = lostWith(stalled, { dueMs: 1500, endMs: 1510 });

  expect(findings([...inIt, before]).map(({ setting }) => setting)).not.toContain('resources.limits.cpu');
});

test('a stall over the end of the window is known in the drain', () => {
  const report = { listeners: [], cutRequests: [], exitCode: 0, lateMs: { window: 1900, drain: 3 } };

  const [finding] = findings([lostWith(leaving({ report }), { dueMs: 1200, endMs: 2050 })]);

  expect(finding?.text).toMatch(/late by up to 1\.9 s in its window/);
});

test('a client that gives up blames the stall only if that was most of its wait', () => {
  const stalled = leaving({ stalls: [{ fromMs: 2050, toMs: 2550 }] });
  const loss = { cause: 'timeout', detail: 'no answer', state: 'draining' } as const;

  const [patient] = findings([lostWith(stalled, { loss })]);
  const [hasty] = findings([lostWith(stalled, { loss, endMs: 2500 })]);

  expect(patient?.text).toMatch(/no whole answer when the client gave up/);
  expect(hasty?.setting).toBe('resources.limits.cpu');
});

test('a process that says itself how late it was is believed, as far as that goes', () => {
  const report = { listeners: [], cutRequests: [], exitCode: 0, lateMs: { window: 3, drain: 1900 } };
  const late = leaving({ report });

  const [finding] = findings([lostWith(late)]);

  expect(finding?.text).toMatch(
    /whose event loop was late by up to 1\.9 s while it was draining .*: it got no CPU, or a callback held it up/,
  );
});

test('a process that was late without a loss is warned about, unless the rehearsal made it so', () => {
  const report = { listeners: [], cutRequests: [], exitCode: 0, lateMs: { window: 1900, drain: 700 } };
  const texts = (replica: Entry['replica']) => findings([], new Ledger(), [replica]).map(({ text }) => text);

  expect(texts(leaving({ report }))).toEqual([
    expect.stringMatching(/^The event loop of old-1 was late by up to 1\.9 s in its window/),
  ]);
  expect(texts(leaving({ report, stalls: [{ fromMs: 1000, toMs: 3000 }] }))).toEqual([]);
});

/** Of a load of 100 requests, so many of which were sent late. */
function conclusion(late: number, entries: Lost[]) {
  const ledger = new Ledger();
  ledger.sent = 100;
  for (let i = 0; i < late; i++) ledger.sentAfter(1000 + i);
  return conclusionOn({ ledger } as Facts, entries);
}

test.each([
  ['nothing was lost', 'nothing-lost', 30, []],
  ['something was lost', 'lost', 30, [lost('refused', 'ECONNREFUSED', 2000)]],
  ['most of the load was late', 'inconclusive', 31, [lost('refused', 'ECONNREFUSED', 2000)]],
  ['only the machine has lost something', 'inconclusive', 0, [lost('reset-new', 'EMFILE', 2000)]],
  [
    'the machine is not alone in that',
    'lost',
    0,
    [lost('reset-new', 'EMFILE', 2000), lost('refused', 'ECONNREFUSED', 2000)],
  ],
] as const)('where %s, the verdict is %s', (_what, verdict, late, entries) => {
  expect(conclusion(late, [...entries]).verdict).toBe(verdict);
});

test('an inconclusive verdict says why, before anything is blamed on the program', () => {
  expect(conclusion(87, []).why).toMatch(/^this machine sent 87 % of the requests late, by up to 1\.1 s: /);
});
