import { beforeEach, expect, test } from '@jest/globals';
import { Scrapes } from '../../../src/lastcall/management/scrapes.ts';

const MOST_MS = 15_000;
const PROMETHEUS = { id: '10.0.0.1 Prometheus/3.5.0', scraper: true };
const REPLICA = { id: '10.0.0.2 Prometheus/3.5.0', scraper: true };
const SOMEBODY = { id: '127.0.0.1 curl/8.0', scraper: false };
let now: number;
let scrapes: Scrapes;

beforeEach(() => {
  now = 1000;
  scrapes = new Scrapes(() => now);
});

/** One read after each of these gaps. */
function read(reader: typeof PROMETHEUS, ...gapsMs: number[]): void {
  for (const gapMs of gapsMs) {
    now += gapMs;
    scrapes.begin(reader)();
  }
}

/** Whether a promise has been kept by now. */
async function kept(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(resolve, false)),
  ]);
}

test('nobody is waited for when nobody has ever read', async () => {
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
  expect(scrapes.ageMs).toBeUndefined();
  await scrapes.next();
});

test('after one read of a scraper the interval is unknown, and all of the allowed time is waited', () => {
  read(PROMETHEUS, 0);
  now += 700;
  expect(scrapes.patienceMs(MOST_MS)).toBe(MOST_MS);
  expect(scrapes.intervalMs).toBeUndefined();
  expect(scrapes.ageMs).toBe(700);
  expect(scrapes.readers).toBe(1);
});

test('after two reads no longer than one and a half intervals', () => {
  read(PROMETHEUS, 0, 2000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(3000);
});

test('never longer than allowed', () => {
  read(PROMETHEUS, 0, 60_000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(MOST_MS);
  expect(scrapes.patienceMs(0)).toBe(0);
});

test('somebody who looks once or twice is not waited for, and one who comes for the third time is', () => {
  read(SOMEBODY, 0, 4000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
  expect(scrapes.readers).toBe(0);
  expect(scrapes.ageMs).toBe(0);
  read(SOMEBODY, 4000);
  expect(scrapes.patienceMs(MOST_MS)).toBe(6000);
});

test('a human at the address of a scraper does not make the interval short', () => {
  read(PROMETHEUS, 0, 10_000, 10_000, 3000, 7000);
  expect(scrapes.intervalMs).toBe(10_000);
});

test('a scrape that was missed is forgotten after five more', () => {
  read(PROMETHEUS, 0, 5000, 60_000, 5000, 5000, 5000, 5000);
  expect(scrapes.intervalMs).toBe(60_000);
  read(PROMETHEUS, 5000);
  expect(scrapes.intervalMs).toBe(5000);
});

test('a read that fails half-way is none', () => {
  scrapes.begin(PROMETHEUS);
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
});

test('two replicas are waited for, by the interval of the slower one', async () => {
  read(PROMETHEUS, 0, 2000);
  read(REPLICA, 0, 4000);
  expect(scrapes.readers).toBe(2);
  expect(scrapes.patienceMs(MOST_MS)).toBe(6000);

  const both = scrapes.next();
  read(PROMETHEUS, 2000, 2000);
  read(SOMEBODY, 0);
  expect(await kept(both)).toBe(false);
  read(REPLICA, 100);
  expect(await kept(both)).toBe(true);
});

test('who was silent for three intervals has gone', async () => {
  read(REPLICA, 0, 5000);
  read(PROMETHEUS, 1000, 5000, 5000, 4000);
  expect(scrapes.readers).toBe(2);
  now += 1;
  expect(scrapes.readers).toBe(1);
  expect(scrapes.intervalMs).toBe(5000);

  const last = scrapes.next();
  read(PROMETHEUS, 5000);
  expect(await kept(last)).toBe(true);
});

test('a scraper that came once has gone after two minutes', () => {
  read(PROMETHEUS, 0);
  now += 120_001;
  expect(scrapes.patienceMs(MOST_MS)).toBe(0);
});

test('eight readers are remembered, those that came last', () => {
  const reader = (nth: number) => ({ id: `10.0.0.${nth}`, scraper: true });
  for (let nth = 1; nth <= 8; nth++) read(reader(nth), 100);
  read(reader(1), 100);
  read(reader(9), 100);
  expect(scrapes.readers).toBe(8);
  read(reader(1), 100); // the second was silent for longest
  expect(scrapes.readers).toBe(8);
  expect(scrapes.intervalMs).toBe(800);
});
