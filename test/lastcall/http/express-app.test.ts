import { expect, jest, test } from '@jest/globals';
import request from 'supertest';
import { expressApp } from '../../../src/lastcall/http/express-app.ts';

test.each([
  ['is not answered with its stack', {}, false],
  ['is, in development', { development: true }, true],
])('an error that nobody handles %s', async (_title, mode, isShown) => {
  const said = jest.spyOn(console, 'error').mockReturnValue(); // Express's own line
  const app = expressApp({ trustProxy: false, ...mode });
  app.get('/', () => {
    throw new Error('a detail');
  });

  const { status, text } = await request(app).get('/');

  said.mockRestore();
  expect(status).toBe(500);
  expect(text.includes('a detail')).toBe(isShown);
});
