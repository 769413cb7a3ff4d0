import { expect, test } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { securityHeaders } from '../../../src/lastcall/http/security-headers.ts';

test('every answer has the headers that an API should have by OWASP, and no others', async () => {
  const app = express();
  app.disable('x-powered-by');
  const before = await request(app).get('/');
  app.use(securityHeaders());
  const { headers } = await request(app).get('/');

  const added = Object.fromEntries(Object.entries(headers).filter(([name]) => !(name in before.headers)));
  expect(added).toEqual({
    'cache-control': 'no-store',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-frame-options': 'DENY',
  });
  // These two the 404 of Express has by itself.
  expect(headers).toMatchObject({
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
});

test('a handler decides otherwise', async () => {
  const app = express();
  app.use(securityHeaders());
  app.get('/', (_req, res) => {
    res.set({ 'Cache-Control': 'max-age=60', 'Content-Security-Policy': "default-src 'self'" }).send('page');
  });
  const { headers } = await request(app).get('/');

  expect(headers).toMatchObject({
    'cache-control': 'max-age=60',
    'content-security-policy': "default-src 'self'",
    'x-frame-options': 'DENY',
  });
});
