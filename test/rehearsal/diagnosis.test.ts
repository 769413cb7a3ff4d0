import { expect, test } from '@jest/globals';
import type { Facts } from '../../rehearsal/account.ts';
import { diagnose } from '../../rehearsal/diagnosis.ts';
import { type Entry, Ledger } from '../../rehearsal/load/ledger.ts';
import { planOf, service } from '../support/rehearsal-plan.ts';

/** A request to a replica that serves. */
function lost(cause: NonNullable<Entry['loss']>['cause'], detail: string, dueMs: number): Entry {
  const replica = { name: 'old-1', states: [], outages: [] } as unknown as Entry['replica'];
  const loss = { cause, detail, state: 'ready' };
  return {
    kind: 'get',
    method: 'GET',
    path: '/',
    dueMs,
    endMs: dueMs + 1,
    replica,
    newConnection: true,
    loss,
  };
}

/** Of what was lost, and nothing else. */
function findings(entries: Entry[], ledger = new Ledger()) {
  for (const entry of entries) ledger.settle(entry);
  const facts = { plan: planOf(service()), cluster: { replicas: [] }, ledger, changeFromMs: 1000 };
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
