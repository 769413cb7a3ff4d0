import { expect, test } from '@jest/globals';
import { FairQueue } from '../../../src/lastcall/overload/fair-queue.ts';

function all(queue: FairQueue<string>): string[] {
  const items: string[] = [];
  while (queue.size > 0) items.push(queue.shift() ?? 'nothing');
  return items;
}

test('clients take turns, and each gets its own in order', () => {
  const queue = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) queue.push(item.charAt(0), item);
  expect(queue.first).toBe('a1');
  expect(all(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

test('who comes again after its last has been taken is behind those who wait', () => {
  const queue = new FairQueue<string>();
  queue.push('a', 'a1');
  queue.push('b', 'b1');
  queue.push('b', 'b2');
  expect(queue.shift()).toBe('a1');
  queue.push('a', 'a2');
  expect(all(queue)).toEqual(['b1', 'a2', 'b2']);
});

test('an empty one has nothing', () => {
  const queue = new FairQueue<string>();
  expect([queue.first, queue.shift(), queue.size]).toEqual([undefined, undefined, 0]);
});

test('any number of clients may come and go', () => {
  const queue = new FairQueue<string>();
  for (let client = 0; client < 5000; client++) {
    queue.push(`client ${client}`, 'x');
    expect(queue.shift()).toBe('x');
  }
  for (let client = 0; client < 5000; client++) queue.push(`client ${client}`, `${client}`);
  expect(all(queue)).toEqual(Array.from({ length: 5000 }, (_, client) => `${client}`));
});
