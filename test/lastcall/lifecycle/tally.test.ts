import { expect, test } from '@jest/globals';
import { type Counts, tally } from '../../../src/lastcall/lifecycle/tally.ts';
import { counts } from '../../support/counts.ts';

test('before the signal nothing has happened since it, and the lifetime counts are told', () => {
  const now = counts(
    { open: 2, accepted: 5, left: 2, closed: 1 },
    { inFlight: 1, accepted: 9, answered: 7, aborted: 1 },
  );

  const { connections, requests, conserved } = tally(now, undefined, undefined);

  expect(connections).toEqual({
    atSignal: 0,
    closed: 0,
    idle: 0,
    upgraded: 0,
    cut: 0,
    broken: 0,
    refused: 0,
    stalled: 0,
    left: 0,
    lifetime: now.connections,
  });
  expect(requests).toEqual({
    inFlightAtSignal: 0,
    served: 0,
    drained: 0,
    aborted: 0,
    cut: 0,
    broken: 0,
    lifetime: now.requests,
  });
  expect(conserved).toBe(true);
});

test('what is answered up to the end of the window was served, after it drained', () => {
  const atSignal = counts({ open: 3, accepted: 3 }, { inFlight: 3, accepted: 10, answered: 7 });
  const atDrain = counts(
    { open: 2, accepted: 4, closed: 2 },
    { inFlight: 2, accepted: 15, answered: 12, aborted: 1 },
  );
  const now = counts(
    { accepted: 6, closed: 2, idle: 1, upgraded: 1, cut: 1, left: 1 },
    { accepted: 16, answered: 13, aborted: 2, cut: 1 },
  );

  expect(tally(atDrain, atSignal, undefined).requests).toMatchObject({ served: 5, drained: 0, aborted: 1 });
  const { connections, requests, conserved } = tally(now, atSignal, atDrain);
  expect(connections).toMatchObject({ atSignal: 3, closed: 2, idle: 1, upgraded: 1, cut: 1, left: 1 });
  expect(requests).toMatchObject({ inFlightAtSignal: 3, served: 5, drained: 1, aborted: 2, cut: 1 });
  expect(conserved).toBe(true);
});

test.each<[string, Counts]>([
  ['a request', counts({ accepted: 1, closed: 1 }, { accepted: 2, answered: 1 })],
  ['a connection', counts({ accepted: 2, closed: 1 }, { accepted: 1, answered: 1 })],
  ['a request that was counted twice', counts({}, { accepted: 1, answered: 1, cut: 1 })],
])('the books do not balance when they lack %s', (_name, now) => {
  expect(tally(now, undefined, undefined).conserved).toBe(false);
});
