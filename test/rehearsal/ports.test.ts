import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { Ports } from '../../rehearsal/cluster/ports.ts';
import { own } from '../harness/own.ts';

test('no port is given out twice, not even by another rehearsal before its program listens', async () => {
  const [ours, theirs] = [new Ports(), new Ports()];
  own(() => ours.release());
  own(() => theirs.release());

  const taken = await Promise.all(Array.from({ length: 20 }, async (_, i) => (i % 2 ? ours : theirs).take()));

  expect(new Set(taken).size).toBe(20);
});

test('a port is free, and reserved until it is released', async () => {
  const ours = new Ports();
  const port = await ours.take();

  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await once(server.close(), 'close');
  await expect(reserved(port)).resolves.toBe(true);
  ours.release();
  await expect(reserved(port)).resolves.toBe(false);
});

/** Whether nobody else could reserve it, as another process would try to. */
async function reserved(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(port + 20_000, '127.0.0.1');
  try {
    await once(socket, 'listening');
    return false;
  } catch {
    return true;
  } finally {
    socket.close();
  }
}
