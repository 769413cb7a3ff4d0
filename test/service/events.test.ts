import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TestApp } from '../harness/app.ts';
import { startOwnApp } from '../harness/own-service.ts';

const GOODBYE = 'event: goodbye\ndata: {"reason":"shutdown"}\n\n';

let app: TestApp;

beforeEach(async () => {
  app = await startOwnApp();
});

afterEach(async () => {
  await app.close();
});

async function connect(): Promise<{ response: Response; until: (text?: string) => Promise<string> }> {
  const response = await fetch(`${app.url}/events`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let seen = '';
  return {
    response,
    /** Reads until this text has come; without one, to the end. */
    until: async (text) => {
      const enough = () => text !== undefined && seen.includes(text);
      while (!enough()) {
        const { done, value } = await reader.read();
        if (done) break;
        seen += decoder.decode(value, { stream: true });
      }
      return seen;
    },
  };
}

test('sends an event at once, with the time after which to reconnect', async () => {
  const { response, until } = await connect();

  const text = await until('"}\n\n');

  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(text).toMatch(/^retry: 1000\n\nid: 1\ndata: \{"time":"[^"]+Z"\}\n\n$/);
});

test('sends the next event with the next id', async () => {
  const { until } = await connect();

  expect(await until('id: 2\n')).toMatch(/id: 1\n[^]*id: 2\n/);
});

test('says goodbye and ends by itself when the process is told to leave', async () => {
  const { until } = await connect();
  await until('id: 1\n');

  app.listener.giveNotice(0);

  const text = await until();
  expect(text.endsWith(GOODBYE)).toBe(true);
  expect(app.listener.tally().requests).toMatchObject({ served: 1, cut: 0, aborted: 0 });
});

test('says goodbye at once to a client that comes after the notice', async () => {
  app.listener.giveNotice(0);

  const { response, until } = await connect();

  expect((await until()).endsWith(GOODBYE)).toBe(true);
  expect(response.headers.get('connection')).toBe('close');
});
