import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { progressDisplay } from '../../rehearsal/show/progress.ts';
import type { Snapshot } from '../../rehearsal/observer.ts';
import { Screen } from '../support/screen.ts';

const asStream = (stream: Screen | PassThrough) => stream as unknown as NodeJS.WriteStream;

function snapshot(elapsedMs: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    elapsedMs,
    step: 'rollout',
    replicas: [replica('old-1')],
    sent: elapsedMs / 10,
    answered: elapsedMs / 10,
    lost: 0,
    inFlight: 3,
    p99: 12.4,
    ...changes,
  };
}

function replica(name: string, changes: Partial<Snapshot['replicas'][number]> = {}) {
  return { name, state: 'ready', sinceMs: 0, answered: 7, lost: 0, ...changes };
}

describe('progress where there is no terminal', () => {
  test('is one line for each event, in plain text', () => {
    const stream = new PassThrough();
    const display = progressDisplay(asStream(stream));

    display.event(0, 'old-1 is ready');
    display.event(12_340, 'old-1 is draining');
    display.stop();

    expect(String(stream.read())).toBe('   0.0 s  old-1 is ready\n  12.3 s  old-1 is draining\n');
  });

  test('has a line of totals every five seconds, and no more', () => {
    const stream = new PassThrough();
    const display = progressDisplay(asStream(stream));

    for (let ms = 0; ms <= 10_000; ms += 250) display.progress(snapshot(ms, { lost: ms > 6000 ? 2 : 0 }));

    expect(String(stream.read()).trimEnd().split('\n')).toEqual([
      '   0.0 s  rollout: 0 answered, 0 lost, 3 in flight, 0/s, p99 12 ms',
      '   5.0 s  rollout: 500 answered, 0 lost, 3 in flight, 100/s, p99 12 ms',
      '  10.0 s  rollout: 1,000 answered, 2 lost, 3 in flight, 100/s, p99 12 ms',
    ]);
  });
});

describe('progress on a terminal', () => {
  test('is a line for each replica: its past as a bar, its state, for how long, and its counts', () => {
    const screen = new Screen();
    const display = progressDisplay(asStream(screen));
    const leaving = { state: 'draining', sinceMs: 1000, lost: 2 };

    display.progress(snapshot(500, { replicas: [replica('old-1', { sinceMs: -900 })] }));
    display.progress(snapshot(1000, { replicas: [replica('old-1', leaving)] }));
    display.progress(snapshot(2500, { replicas: [replica('old-1', leaving)] }));
    display.stop();

    expect(screen.lines).toEqual([
      expect.stringMatching(/^old-1 +██▒▒▒▒ +draining +1\.5 s +7 2 lost$/),
      '   2.5 s  rollout',
      '          250 answered, 0 lost, 3 in flight, 100/s, p99 12 ms',
    ]);
  });

  test('keeps its lines in order, and leaves none behind, when replicas come and go in between', () => {
    const screen = new Screen();
    const display = progressDisplay(asStream(screen));
    const show = (ms: number, ...names: string[]) =>
      display.progress(snapshot(ms, { answered: 0, replicas: names.map((name) => replica(name)) }));

    display.event(0, 'begin');
    show(100, 'a', 'b');
    show(200, 'a', 'x', 'b');
    const withThree = screen.lines;
    show(300, 'b');
    display.stop();

    const words = (lines: string[]) => lines.map((line) => line.trim().split(/ {2,}/)[0]);
    const totals = '0 answered, 0 lost, 3 in flight, 0/s, p99 12 ms';
    expect(words(withThree)).toEqual(['0.0 s', 'a', 'x', 'b', '0.2 s', totals]);
    expect(words(screen.lines)).toEqual(['0.0 s', 'b', '0.3 s', totals]);
  });

  test('has the last four events above', () => {
    const screen = new Screen();
    const display = progressDisplay(asStream(screen));

    for (let i = 1; i <= 6; i++) display.event(i * 1000, `event ${i}`);

    expect(screen.lines).toEqual([3, 4, 5, 6].map((i) => `   ${i}.0 s  event ${i}`));
  });

  test.each([30, 50, 80])('never wraps a line: %d columns', (columns) => {
    const screen = new Screen({ columns });
    const display = progressDisplay(asStream(screen));
    const replicas = [replica('old-1', { state: 'final-scrape', lost: 1234, answered: 123_456_789 })];

    display.event(
      0,
      'something happened that takes very many words to be told, more than any terminal has columns',
    );
    display.progress(snapshot(60_000, { replicas, inFlight: 123_456 }));
    display.stop();

    expect(screen.lines).toHaveLength(4);
    for (const line of screen.lines) expect(line.length).toBeLessThan(columns);
  });

  test('squeezes a long past into the bar', () => {
    const screen = new Screen();
    const display = progressDisplay(asStream(screen));

    display.progress(snapshot(0));
    display.progress(
      snapshot(150_000, { replicas: [replica('old-1', { state: 'draining', sinceMs: 150_000 })] }),
    );
    display.progress(
      snapshot(300_000, { replicas: [replica('old-1', { state: 'draining', sinceMs: 150_000 })] }),
    );
    display.stop();

    expect(screen.lines[0]).toMatch(/ █{14}▒{14} /);
  });

  test.each([true, false])('has colours only where the terminal has: %s', (colours) => {
    const screen = new Screen({ colours });
    const display = progressDisplay(asStream(screen));

    display.progress(snapshot(0, { lost: 4 }));
    display.stop();

    // Of all sequences only those that set colours end in m.
    // oxlint-disable-next-line no-control-regex
    expect(/\u001B\[\d+m/.test(screen.written)).toBe(colours);
    expect(stripVTControlCharacters(screen.written)).toContain('4 lost');
  });
});
