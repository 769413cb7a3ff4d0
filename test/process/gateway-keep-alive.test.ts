import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { startService } from '../harness/service.ts';
import { type RawTarget, rawTarget } from '../support/raw-target.ts';

const POSTS = 120;

/** What the end of a connection takes to the other side. */
const LAG_MS = 10;

/** A target that closes a connection this long after its last answer, which is known to the other side a bit later. */
async function impatientTarget(idleMs: number, announce = ''): Promise<RawTarget> {
  const answers = new WeakMap<object, { at: number; timer: NodeJS.Timeout }>();
  return rawTarget((_request, socket) => {
    const last = answers.get(socket);
    clearTimeout(last?.timer);
    if (last !== undefined && performance.now() - last.at >= idleMs) {
      socket.resetAndDestroy();
      return undefined;
    }
    const timer = setTimeout(() => socket.destroy(), idleMs + LAG_MS);
    answers.set(socket, { at: performance.now(), timer });
    return `HTTP/1.1 200 OK\r\n${announce}Content-Length: 2\r\n\r\nok`;
  });
}

/** Posts from several clients, each about as often as the target closes; returns what was no 200, and the reuse. */
async function post(target: RawTarget, clients: number, pauseMs: (nth: number) => number) {
  const service = startService({ GATEWAY_TARGETS: `/=${target.url}` });
  const url = await service.url;
  const failures: string[] = [];
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new RawClient(url);
      for (let nth = 0; nth < POSTS / clients; nth++) {
        client.received = '';
        client.socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody');
        await client.receives('\r\n\r\n');
        if (!client.received.startsWith('HTTP/1.1 200')) failures.push(client.received);
        await sleep(pauseMs(nth));
      }
      client.socket.destroy();
    }),
  );
  return { failures, connections: target.connections.length };
}

describe('requests that can’t be repeated', () => {
  test.each([30, 100])('survive a target that closes after %d ms, and does not say so', async (ms) => {
    const { failures } = await post(await impatientTarget(ms), 1, (nth) => ms - 2 + (nth % LAG_MS));
    expect(failures).toEqual([]);
  });

  test('survive a target that closes after a second, and says so', async () => {
    const target = await impatientTarget(1000, 'Keep-Alive: timeout=1\r\n');
    const { failures } = await post(target, 40, (nth) => 1000 + nth * 3);
    expect(failures).toEqual([]);
  });

  test('share connections where they come one after the other', async () => {
    const { failures, connections } = await post(await impatientTarget(5000), 4, () => 0);
    expect(failures).toEqual([]);
    // On a busy machine one comes more than a moment after the other now and then.
    expect(connections).toBeLessThan(POSTS);
  });
});
