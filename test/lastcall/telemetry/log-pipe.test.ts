import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LogPipe } from '../../../src/lastcall/telemetry/log-pipe.ts';

const MIB = 1024 * 1024;

/** A pipe that takes as many bytes as a test has made room for, in the middle of a line or not. */
class FakePipe {
  room = 0;
  /** The reader has gone. */
  broken = false;
  text = '';

  write(bytes: Uint8Array): number {
    if (this.broken) throw Object.assign(new Error('broken pipe'), { code: 'EPIPE' });
    if (this.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.text += Buffer.from(taken).toString('latin1');
    return taken.length;
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

let pipe: FakePipe;
let log: LogPipe;
beforeEach(() => {
  jest.useFakeTimers();
  pipe = new FakePipe();
  log = new LogPipe({ write: (bytes) => pipe.write(bytes), lossLine: (dropped) => `lost ${dropped}\n` });
});

afterEach(() => {
  jest.useRealTimers();
});

/** The number that the next line has to have, or NaN if this one is not the one that has to follow. */
function following(next: number, line: string): number {
  const [, lost, nth] = /^(?:lost (\d+)|(\d+)\.*)$/.exec(line) ?? [];
  if (lost !== undefined) return next + Number(lost);
  return Number(nth) === next ? next + 1 : NaN;
}

/** A pipe that is full every other time, and takes a few bytes in between. */
function drip(bytes: number): LogPipe {
  let full = false;
  return new LogPipe({
    write: (line) => {
      pipe.room = full ? 0 : bytes;
      full = !full;
      return pipe.write(line);
    },
    lossLine: String,
  });
}

function makeRoom(bytes = Infinity): void {
  pipe.room = bytes;
  jest.advanceTimersByTime(10);
}

describe('a pipe for the log', () => {
  test('has each line at once while there is room', () => {
    pipe.room = Infinity;
    log.write('a\n');
    expect(pipe.text).toBe('a\n');
    log.write('b\n');
    expect(pipe.text).toBe('a\nb\n');
  });

  test('that is full gets the rest of a line first when there is room, without a new line', () => {
    pipe.room = 3;
    log.write('hello\n');
    log.write('world\n');
    expect(pipe.text).toBe('hel');
    makeRoom(4);
    expect(pipe.text).toBe('hello\nw');
    makeRoom();
    expect(pipe.text).toBe('hello\nworld\n');
  });

  test('loses the oldest lines above 1 MiB, and says so in their place', () => {
    pipe.room = 2;
    log.write('begun\n');
    for (let nth = 0; nth < 20; nth++) log.write(`${String(nth).padEnd(MIB / 16 - 1)}\n`);
    expect(log.dropped).toBe(4);
    makeRoom();
    const lines = pipe.lines.map((line) => line.trimEnd());
    expect(lines).toEqual(['begun', 'lost 4', ...Array.from({ length: 16 }, (_, nth) => String(nth + 4))]);
  });

  test('says at once what is missing, and only that, when nothing else is left', () => {
    log.write(`${'x'.repeat(MIB)}\n`); // larger than all that may wait
    expect(log.dropped).toBe(1);
    makeRoom();
    expect(pipe.text).toBe('lost 1\n');
  });

  test('takes a line of any size when there is room', () => {
    pipe.room = Infinity;
    log.write(`${'x'.repeat(2 * MIB)}\n`);
    expect(pipe.text).toHaveLength(2 * MIB + 1);
  });

  test('that has no reader any more costs the lines that waited; the next reader begins with a whole one', () => {
    pipe.room = 2;
    log.write('begun\n');
    log.write('waiting\n');
    pipe.broken = true;
    log.write('late\n');
    expect(log.dropped).toBe(3);
    pipe.broken = false;
    pipe.text = '';
    pipe.room = Infinity;
    log.write('new\n');
    expect(pipe.text).toBe('lost 3\nnew\n');
  });

  test('neither tears nor reorders lines, and counts those that are missing, whatever the reader does', () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.integer({ min: 1, max: MIB / 2 }) }),
      fc.record({ room: fc.integer({ min: 0, max: MIB }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        pipe = new FakePipe();
        log = new LogPipe({ write: (bytes) => pipe.write(bytes), lossLine: (lost) => `lost ${lost}\n` });
        let sent = 0;
        for (const given of steps) {
          if ('room' in given) makeRoom(given.room);
          else log.write(`${String(sent++).padEnd(given.bytes, '.')}\n`);
        }
        makeRoom();
        expect(pipe.lines.reduce(following, 0)).toBe(sent);
      }),
    );
  });
});

describe('at the exit', () => {
  beforeEach(() => {
    jest.useRealTimers();
  });

  test('a reader that takes some is waited for until it has all', () => {
    const slow = drip(2);
    slow.write('the last line\n');
    slow.sendLast();
    expect(pipe.text).toBe('the last line\n');
  });

  test('one that takes nothing is waited for no longer than 600 ms, and one that is gone not at all', () => {
    log.write('x\n');
    const startedAt = performance.now();
    log.sendLast();
    const stalledMs = performance.now() - startedAt;
    pipe.broken = true;
    const goneAt = performance.now();
    log.sendLast();
    const goneMs = performance.now() - goneAt;

    expect(stalledMs).toBeGreaterThanOrEqual(600);
    expect(stalledMs).toBeLessThan(3000);
    expect(goneMs).toBeLessThan(stalledMs);
  });

  test('one that takes ever so little is waited for no longer than 700 ms', () => {
    const slow = drip(1);
    slow.write(`${'x'.repeat(1000)}\n`);
    const startedAt = performance.now();
    slow.sendLast();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(700);
    expect(pipe.text).toMatch(/^x+$/);
  });
});
