import { expect, test } from '@jest/globals';
import { get } from '../harness/http.ts';
import { startOwnService } from '../harness/own-service.ts';

test('the built service starts, answers, and ends with 0 when it is told to leave', async () => {
  const service = startOwnService();

  const { status } = await get(`${await service.url}/`);
  service.kill('SIGTERM');

  expect(status).toBe(200);
  expect(await service.ended).toMatchObject({ code: 0, stderr: '' });
  expect(await service.line({ event: 'shutdown' })).toMatchObject({ outcome: 'clean' });
});
