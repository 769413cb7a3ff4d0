import { describe, expect, test } from '@jest/globals';
import {
  EXIT_CODES,
  type Outcome,
  outcomeOf,
  type Report,
  TERMINATION_MESSAGE_BYTES,
  terminationMessage,
} from '../../../src/lastcall/lifecycle/report.ts';
import { tally } from '../../../src/lastcall/lifecycle/tally.ts';
import { counts } from '../../support/counts.ts';

const NOTHING = tally(counts(), undefined, undefined);

const REPORT: Report = {
  event: 'shutdown',
  reason: 'SIGTERM',
  outcome: 'cut',
  exitCode: 80,
  ms: { window: 5000, drain: 10_000, cleanup: 4, finalScrape: 0, total: 15_010 },
  lateMs: { window: 0, drain: 0, cleanup: 0, finalScrape: 0 },
  listeners: [{ name: 'http', port: 8080, result: 'cut', ...NOTHING }],
  hooks: [{ name: 'db', result: 'ok', ms: 3 }],
  repeatedSignals: 0,
  cutRequests: [],
};

function cutRequest(route: string): Report['cutRequests'][number] {
  return {
    outcome: 'cut',
    listener: 'http',
    method: 'GET',
    route,
    ageMs: 10_000,
    bytesSent: 0,
    requestId: 'x'.repeat(128),
  };
}

function written(report: Report): Partial<Report> {
  const text = terminationMessage(report);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TERMINATION_MESSAGE_BYTES);
  return JSON.parse(text) as Partial<Report>;
}

describe('the outcome', () => {
  const fine = { crashed: false, forced: false, deadline: false, cut: false, hooks: [{ result: 'ok' }] };
  const failures: [Exclude<Outcome, 'clean'>, Partial<typeof fine>][] = [
    ['crash', { crashed: true }],
    ['forced', { forced: true }],
    ['deadline', { deadline: true }],
    ['cut', { cut: true }],
    ['hook-failed', { hooks: [{ result: 'ok' }, { result: 'timeout' }] }],
  ];

  test('is clean when nothing went wrong', () => {
    expect(outcomeOf(fine)).toBe('clean');
    expect(outcomeOf({ ...fine, hooks: [] })).toBe('clean');
  });

  test.each(failures)('is %s by itself', (outcome, facts) => {
    expect(outcomeOf({ ...fine, ...facts })).toBe(outcome);
  });

  test('is the worst of all that happened: crash, forced, deadline, cut, hook-failed', () => {
    for (const [i, [worst]] of failures.entries()) {
      const all = Object.assign({}, fine, ...failures.slice(i).map(([, facts]) => facts)) as typeof fine;

      expect(outcomeOf(all)).toBe(worst);
    }
  });

  test('a hook with an error counts as one that ran out of time', () => {
    expect(outcomeOf({ ...fine, hooks: [{ result: 'error' }] })).toBe('hook-failed');
  });

  test('has an exit code of its own', () => {
    expect(EXIT_CODES).toEqual({
      clean: 0,
      crash: 1,
      cut: 80,
      'hook-failed': 81,
      deadline: 82,
      forced: 130,
    });
  });
});

describe('the termination message', () => {
  test('is the report, whole, when it fits', () => {
    expect(written(REPORT)).toEqual(JSON.parse(JSON.stringify(REPORT)));
  });

  test.each<[string, Partial<Report>]>([
    [
      'a thousand hooks',
      { hooks: Array.from({ length: 1000 }, (_, i) => ({ name: `hook-${i}`, result: 'ok', ms: i })) },
    ],
    [
      'a thousand failed hooks with long names',
      {
        hooks: Array.from({ length: 1000 }, (_, i) => ({
          name: `${i}${'ä'.repeat(3000)}`,
          result: 'timeout',
          ms: i,
        })),
      },
    ],
    [
      'ten cut requests with long routes',
      { cutRequests: Array.from({ length: 10 }, () => cutRequest(`/${'r'.repeat(500)}`)) },
    ],
    ['an error message that is large in bytes', { error: '👋\n'.repeat(10_000) }],
    [
      'many listeners',
      {
        listeners: Array.from({ length: 50 }, () => ({
          name: 'http',
          port: 1,
          result: 'closed' as const,
          ...NOTHING,
        })),
      },
    ],
  ])('fits 4096 bytes and keeps the outcome with %s', (_name, part) => {
    expect(written({ ...REPORT, ...part })).toMatchObject({
      event: 'shutdown',
      outcome: 'cut',
      exitCode: 80,
      ms: REPORT.ms,
    });
  });

  test('fits 4096 bytes even with a reason that has no end', () => {
    expect(written({ ...REPORT, reason: 'ä'.repeat(10_000) })).toMatchObject({ event: 'shutdown' });
  });

  test('gives up the least important first: the failed hooks stay longer than the good ones', () => {
    const good = Array.from({ length: 200 }, (_, i) => ({ name: `good-${i}`, result: 'ok' as const, ms: 1 }));

    const { hooks, listeners } = written({
      ...REPORT,
      hooks: [...good, { name: 'bad', result: 'timeout', ms: 4000 }],
    });

    expect(hooks).toEqual([{ name: 'bad', result: 'timeout', ms: 4000 }]);
    expect(listeners).toMatchObject([{ name: 'http', result: 'cut' }]);
  });

  test('keeps the first cut requests as long as they fit', () => {
    const { cutRequests } = written({
      ...REPORT,
      cutRequests: Array.from({ length: 10 }, (_, i) => cutRequest(`/${i}/${'r'.repeat(200)}`)),
    });

    expect(cutRequests?.map(({ route }) => route.slice(0, 3))).toEqual(['/0/', '/1/', '/2/']);
  });
});
