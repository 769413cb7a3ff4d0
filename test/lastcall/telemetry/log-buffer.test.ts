import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LogBuffer } from '../../../src/lastcall/telemetry/log-buffer.ts';

let sent: [lines: string, count: number][];
let buffer: LogBuffer;
beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  buffer = new LogBuffer((lines, count) => void sent.push([lines, count]));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('lines of the log', () => {
  test('do not wait, to begin with', () => {
    buffer.write('a\n', false);
    buffer.write('b\n', false);
    expect(sent).toEqual([
      ['a\n', 1],
      ['b\n', 1],
    ]);
  });
});

describe('lines that may wait', () => {
  beforeEach(() => {
    buffer.gathering = true;
  });

  test('wait for others for 5 ms, from the first on', () => {
    buffer.write('a\n', false);
    jest.advanceTimersByTime(4);
    buffer.write('b\n', false);
    expect(sent).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(sent).toEqual([['a\nb\n', 2]]);
    jest.advanceTimersByTime(100);
    expect(sent).toHaveLength(1);
  });

  test('go with an urgent one, and before it', () => {
    buffer.write('a\n', false);
    buffer.write('b\n', true);
    expect(sent).toEqual([['a\nb\n', 2]]);
  });

  test('wait until they are what a pipe takes at once, and never more than that', () => {
    const line = `${'x'.repeat(999)}\n`;
    for (let nth = 0; nth < 9; nth++) buffer.write(line, false);
    expect(sent).toEqual([
      [line.repeat(4), 4],
      [line.repeat(4), 4],
    ]);
  });

  test('do not wait behind one that is longer than that alone', () => {
    buffer.write('a\n', false);
    const long = `${'x'.repeat(5000)}\n`;
    buffer.write(long, false);
    expect(sent).toEqual([
      ['a\n', 1],
      [long, 1],
    ]);
  });

  test('go at once when lines may no longer wait', () => {
    buffer.write('a\n', false);
    buffer.gathering = false;
    buffer.write('b\n', false);
    expect(sent).toEqual([
      ['a\n', 1],
      ['b\n', 1],
    ]);
  });

  test('go when somebody asks for it, and then no timer sends them again', () => {
    buffer.write('a\n', false);
    buffer.flush();
    buffer.flush();
    jest.runAllTimers();
    expect(sent).toEqual([['a\n', 1]]);
  });
});
