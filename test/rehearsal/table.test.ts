import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { comparison, summary } from '../../rehearsal/show/table.ts';
import {
  crashRehearsal,
  heavyRehearsal,
  killedRehearsal,
  refusedRehearsal,
  rehearsal,
  report,
} from '../support/rehearsal-result.ts';

const PLAIN = { colour: false, columns: 100 };

const EVERY: [name: string, result: Result][] = [
  ['nothing lost', rehearsal()],
  ['refused', refusedRehearsal()],
  ['killed', killedRehearsal()],
  ['crashed', crashRehearsal()],
  ['thousands lost', heavyRehearsal()],
  ['twelve replicas', rehearsal({ replicas: 12 })],
];

/** The cells of the line that begins with this word. */
function row(text: string, first: string): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${first} `));
  return line?.split(/ {2,}/) ?? [];
}

describe('the summary', () => {
  test.each<[Result, RegExp]>([
    [rehearsal(), /^✓ 0 of 5,\d{3} requests lost\n/],
    [refusedRehearsal(), /^✗ 39 of 4,\d{3} requests lost\n/],
  ])('begins with the verdict', (result, verdict) => {
    expect(summary(result, PLAIN)).toMatch(verdict);
  });

  test('says first that it is inconclusive, and why', () => {
    const text = summary(rehearsal({}, { verdict: 'inconclusive', why: 'this machine was late' }), PLAIN);

    expect(text).toMatch(/^\? Inconclusive \(0 of 5,\d{3} requests lost\): this machine was late\n/);
  });

  test('says what happened and what to do, with what it cost, before any table', () => {
    const text = summary(refusedRehearsal(), { colour: false, columns: 60 });
    const opinion = text.slice(0, text.indexOf('\nRequests\n'));

    expect(opinion).toContain('✗ 39 requests lost: New connections were refused');
    expect(opinion).toContain('\n  → Set SHUTDOWN_WINDOW to 4s or more: it has to be longer');
    expect(opinion).toContain('\n· Latency did not suffer');
  });

  test('counts by phase, and by the causes that occur', () => {
    const result = refusedRehearsal();
    const text = summary(result, PLAIN);

    expect(row(text, 'phase')).toEqual(['phase', 'sent', 'answered', 'lost', 'refused']);
    for (const phase of ['steady', 'change', 'after'] as const) {
      const { sent, answered, lost } = result.phases[phase];
      const numbers = [sent, answered, lost, lost].map((number) => number.toLocaleString('en-US'));
      expect(row(text, phase)).toEqual([phase, ...numbers]);
    }
    expect(row(text, 'total').at(-1)).toBe('39');
  });

  test('has the life of each replica: what it took to come, to be forgotten and to go, and how it ended', () => {
    const text = summary(killedRehearsal(), { colour: false, columns: 120 });
    const { replicas } = killedRehearsal();

    const of = (i: number) => String(replicas[i]?.answered.toLocaleString('en-US'));
    expect(row(text, 'old-1')).toEqual([
      'old-1',
      '1.2 s',
      '+1.0 s',
      '–',
      '–',
      '–',
      '6.0 s',
      'SIGKILL (grace)',
      of(0),
      '8',
      '–',
    ]);
    expect(row(text, 'old-3')).toEqual([
      'old-3',
      '1.2 s',
      '+1.0 s',
      '5.0 s',
      '900 ms',
      '3 ms',
      '6.0 s',
      '80 cut',
      of(2),
      '8',
      '✗ 905',
    ]);
    expect(row(text, 'new-1')).toEqual(['new-1', '1.2 s', '–', '–', '–', '–', '–', '–', of(3), '0', '–']);
    expect(text).toContain('own reports differ from what the clients counted');
  });

  test('leaves out what has nothing to say', () => {
    const text = summary(crashRehearsal(), PLAIN);

    expect(text).not.toContain('window');
    expect(text).not.toContain('rotation');
    expect(text).not.toContain('Cut by the processes');
  });

  test('of another program says what is known: when it ran, and that it left no report', () => {
    const made = rehearsal();
    const replicas = made.replicas.map(
      ({ report: _report, reported: _reported, agrees: _agrees, ...replica }) => ({
        ...replica,
        states: [
          { state: 'pending', fromMs: 0, toMs: 700 },
          { state: 'starting', fromMs: 700, toMs: 1000 },
          { state: 'running', fromMs: 1000, toMs: 9000 },
        ],
      }),
    );
    const text = summary({ ...made, replicas, agreement: 'unknown' }, PLAIN);

    expect(row(text, 'old-1').slice(0, 4)).toEqual(['old-1', '300 ms', '+1.0 s', '6.0 s']);
    expect(text).toContain('The processes left no reports');
    expect(text).not.toContain('Own report:');
  });

  test('does not repeat the number with which a finding begins', () => {
    const finding = { severity: 'loss' as const, lost: 1039, text: '1,039 requests were refused.' };
    const text = summary(rehearsal({}, { findings: [finding] }), PLAIN);

    expect(text).toContain('\n✗ 1,039 requests were refused.\n');
  });

  test('lists what the processes cut, by route, and how many more they did not list', () => {
    const result = killedRehearsal();
    const [first] = result.replicas;
    if (first === undefined) throw new Error('there is no replica');
    first.report = report({ cut: Array.from({ length: 12 }, () => '/slow'), window: 0, drain: 0 });
    first.report.cutRequests = first.report.cutRequests.slice(0, 10);
    const text = summary(result, PLAIN);

    expect(row(text, 'GET /slow')).toEqual(['GET /slow', '12', '1.8 s', 'old-1, old-3']);
    expect(row(text, 'GET /events')).toEqual(['GET /events', '1', '1.1 s', 'old-3']);
    expect(text).toContain('2 more are not listed');
  });

  test('says how many losses were to be expected, if there were any', () => {
    const lost = crashRehearsal();
    expect(summary(lost, PLAIN)).toContain('About 16 were to be expected: a process that is killed at once');

    expect(summary({ ...lost, unexpected: 2 }, PLAIN)).toMatch(/\.\s2\s+were lost for another reason\./);

    const none = rehearsal({}, { expected: { lost: 16, why: 'of the crash.' } });
    expect(summary(none, PLAIN)).not.toContain('expected');
  });

  test.each(EVERY)('never wraps a table or a sentence in the middle of a word (%s)', (_name, result) => {
    for (const columns of [50, 80, 120]) {
      for (const line of summary(result, { colour: false, columns }).split('\n')) {
        expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
  });

  test.each(EVERY)('fits its tables into 80 columns without leaving out a number (%s)', (_name, result) => {
    const narrow = summary(result, { colour: false, columns: 80 });
    for (const { name, answered, lost } of result.replicas) {
      const line = narrow.split('\n').find((candidate) => candidate.startsWith(`${name} `));
      expect(line).toMatch(new RegExp(` ${answered.toLocaleString('en-US')} +${lost}( |$)`));
    }
  });

  test.each(EVERY)('loses no number on 40 columns: rows are lists there (%s)', (_name, result) => {
    const narrow = summary(result, { colour: false, columns: 40 });

    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
    for (const { name, answered, lost } of result.replicas) {
      const [, own = ''] = new RegExp(`^${name}\\n((?:  .*\\n)*)`, 'm').exec(narrow) ?? [];
      expect(own).toContain(`  answered ${answered.toLocaleString('en-US')}\n`);
      expect(own).toContain(`  lost ${lost}\n`);
    }
  });

  test('says which columns it has left out for want of room', () => {
    const narrow = summary(rehearsal(), { colour: false, columns: 70 });

    expect(narrow).toContain('Left out for want of room: window, drain, cleanup');
    expect(summary(rehearsal(), PLAIN)).not.toContain('Left out');
  });

  test('counts what is still open by itself, where something is', () => {
    const made = rehearsal();
    const [first, ...others] = made.replicas;
    if (first === undefined) throw new Error('no replica');
    const open = summary(
      { ...made, requests: { ...made.requests, open: 3 }, replicas: [{ ...first, open: 3 }, ...others] },
      { colour: false, columns: 140 },
    );

    expect(row(open, 'total').at(-1)).toBe('3');
    expect(row(open, 'old-1').at(-2)).toBe('3');
    expect(summary(made, PLAIN)).not.toMatch(/still|open/);
  });

  test('names the signal of its pods', () => {
    const made = rehearsal();
    const text = summary({ ...made, settings: { ...made.settings, stopSignal: 'SIGQUIT' } }, PLAIN);

    expect(text).toContain('counted from SIGQUIT');
    expect(text).not.toContain('SIGTERM');
  });

  test.each(EVERY)('is the same with colours and without, but for the colours (%s)', (_name, result) => {
    const coloured = summary(result, { colour: true, columns: 80 });

    expect(coloured).toContain('\u001B[');
    expect(stripVTControlCharacters(coloured)).toBe(summary(result, { colour: false, columns: 80 }));
  });
});

describe('the comparison', () => {
  test('has both verdicts, each with what tells it apart', () => {
    const text = comparison(rehearsal(), refusedRehearsal(), PLAIN);

    expect(text).toMatch(/^✓ 0 of [\d,]+ requests lost with endpoint lag 1\.0 s\n/);
    expect(text).toMatch(/\n✗ 39 of [\d,]+ requests lost with endpoint lag 3\.0 s, SHUTDOWN_WINDOW 1s\n/);
  });

  test('has the numbers of both in one line', () => {
    const [left, right] = [refusedRehearsal(), heavyRehearsal()];
    const text = comparison(left, right, PLAIN);

    expect(row(text, 'lost')).toEqual(['lost', '39', '3,100']);
    expect(row(text, '· refused')).toEqual(['· refused', '39', '2,100']);
    expect(row(text, '· timed out')).toEqual(['· timed out', '0', '60']);
    expect(row(text, 'p99 change')).toEqual(['p99 change', '22 ms', '22 ms']);
  });

  test('fits into 40 columns', () => {
    const text = comparison(rehearsal(), refusedRehearsal(), { colour: false, columns: 40 });

    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('has the findings of both under their names', () => {
    const text = comparison(rehearsal(), refusedRehearsal(), PLAIN);

    expect(text).toMatch(
      /\nWith endpoint lag 3\.0 s, SHUTDOWN_WINDOW 1s\n\n✗ 39 requests lost: New connections/,
    );
    expect(text).not.toContain('With endpoint lag 1.0 s\n');
  });

  test.each<[what: string, change: Partial<Result>, title: string]>([
    ['scenarios', { scenario: { name: 'eviction', description: '' } }, 'eviction'],
    ['programs', { program: 'node server.js' }, 'node server.js'],
    ['nothing but luck', {}, 'defaults'],
  ])('tells %s apart', (_what, change, title) => {
    expect(comparison(rehearsal(), rehearsal({}, change), PLAIN).split('\n')[1]).toMatch(
      new RegExp(`with ${title}$`),
    );
  });
});
