import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import request from 'supertest';
import { WebSocket } from 'ws';
import { startOwnApp } from '../harness/own-service.ts';
import type { TestApp } from '../harness/app.ts';
import { own } from '../harness/own.ts';

async function connect(app: TestApp, path = '/chat'): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${app.port}${path}`);
  own(() => client.terminate());
  await once(client, 'open');
  return client;
}

test('everybody gets what anybody sends', async () => {
  const app = await startOwnApp();
  const [one, other] = [await connect(app), await connect(app)];
  const heard = Promise.all([once(one, 'message'), once(other, 'message')]);

  one.send('hello');

  expect((await heard).map(([message]) => String(message))).toEqual(['hello', 'hello']);
});

// #region shutdown
test('is closed with 1001 when the process is told to leave, and counted as upgraded', async () => {
  const app = await startOwnApp();
  const client = await connect(app);

  app.listener.giveNotice(0);

  const [code, reason] = await once(client, 'close');
  expect([code, String(reason)]).toEqual([1001, 'going away']);
  await app.close();
  expect(app.listener.tally().connections).toMatchObject({ upgraded: 1, cut: 0 });
});
// #endregion shutdown

test('one that sends too much is closed with 1009, and ends nobody else', async () => {
  const app = await startOwnApp();
  const [one, other] = [await connect(app), await connect(app)];

  one.send('x'.repeat(65 * 1024));

  expect((await once(one, 'close'))[0]).toBe(1009);
  const heard = once(other, 'message');
  other.send('still here');
  expect(String((await heard)[0])).toBe('still here');
});

test('a WebSocket elsewhere is not ours', async () => {
  const app = await startOwnApp();

  await expect(connect(app, '/chats')).rejects.toThrow('404');
});

test('a request without an upgrade is told to make one', async () => {
  const app = await startOwnApp();

  await request(app.url).get('/chat').expect(426).expect('Upgrade', 'websocket');
});
