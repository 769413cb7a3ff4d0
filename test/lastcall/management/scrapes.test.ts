import { beforeEach, expect, test } from '@jest/globals';
import { Scrapes } from '../../../src/lastcall/management/scrapes.ts';

const MOST_MS = 15_000;
let now: number;
let scrapes: Scrapes;

beforeEach(() => {
  now = 1000;
  scrapes = new Scrapes(() => now);
});

/** One read after each of these gaps. */
function read(...gapsMs: number[]): void {
  for (const gapMs of gapsMs) {
    now += gapMs;
    scrapes.begin()();
  }
}

test('nobody is waited for when nobody has ever read', () => {
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
  expect(scrapes.ageMs).toBeUndefined();
});

test('after one read the interval is unknown, and all of the allowed time is waited', () => {
  read(0);
  now += 700;
  expect(scrapes.patienceMs(MOST_MS)).toBe(MOST_MS);
  expect(scrapes.intervalMs).toBeUndefined();
  expect(scrapes.ageMs).toBe(700);
});

test('after two reads no longer than one and a half intervals', () => {
  read(0, 2000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(3000);
});

test('never longer than allowed', () => {
  read(0, 60_000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(MOST_MS);
  expect(scrapes.patienceMs(0)).toBe(0);
});

test('a human with curl between two scrapes does not make the interval short', () => {
  read(0, 10_000, 10_000, 3000, 7000);
  expect(scrapes.intervalMs).toBe(10_000);
});

test('a scrape that was missed is forgotten after five more', () => {
  read(0, 5000, 60_000, 5000, 5000, 5000, 5000);
  expect(scrapes.intervalMs).toBe(60_000);
  read(5000);
  expect(scrapes.intervalMs).toBe(5000);
});

test('a read that fails half-way is none', () => {
  scrapes.begin();
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
});
