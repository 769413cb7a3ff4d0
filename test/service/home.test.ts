import { expect, test } from '@jest/globals';
import request from 'supertest';
import { startOwnApp } from '../harness/own-service.ts';

test('GET / tells who answers and for how long it has been up', async () => {
  const app = await startOwnApp({ SERVICE_VERSION: '1.2.3' });

  const { body } = await request(app.url).get('/').expect(200);

  expect(body).toEqual({
    service: 'shop',
    version: '1.2.3',
    pod: 'shop-1',
    uptimeSeconds: expect.any(Number),
  });
  await app.close();
});
