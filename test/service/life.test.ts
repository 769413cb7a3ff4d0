import { expect, test } from '@jest/globals';
import { readPaths } from '../../scripts/paths.ts';
import { get } from '../harness/http.ts';
import { startOwnService } from '../harness/own-service.ts';

test('the built service starts, answers, and ends with 0 when it is told to leave', async () => {
  const service = startOwnService();

  const { path, status: expected } = readPaths().get;
  const { status } = await get(`${await service.url}${path}`);
  service.kill('SIGTERM');

  expect(status).toBe(expected);
  expect(await service.ended).toMatchObject({ code: 0, stderr: '' });
  expect(await service.line({ event: 'shutdown' })).toMatchObject({ outcome: 'clean' });
});
