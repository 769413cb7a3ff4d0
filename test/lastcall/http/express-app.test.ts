import { expect, jest, test } from '@jest/globals';
import request from 'supertest';
import { expressApp } from '../../../src/lastcall/http/express-app.ts';

test.each([
  ['is not answered with its stack', {}, false],
  ['is, in development', { development: true }, true],
])('an error that nobody handles %s', async (_title, mode, isShown) => {
  const told = new Promise<void>((resolve) => {
    jest.spyOn(console, 'error').mockImplementation(() => resolve()); // Express's own line, which may come behind the answer
  });
  const app = expressApp({ trustProxy: false, ...mode });
  app.get('/', () => {
    throw new Error('a detail');
  });

  const { status, text } = await request(app).get('/');

  await told;
  jest.restoreAllMocks();
  expect(status).toBe(500);
  expect(text.includes('a detail')).toBe(isShown);
});
