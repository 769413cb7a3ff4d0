import { expect } from '@jest/globals';
import { overlapping as test } from '../harness/overlapping.ts';
import { get, inFlight } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { reportOf } from '../harness/report.ts';

test('a listener that closes by itself ends the process through the shutdown, exit 1', async () => {
  const service = startService({ FIXTURE: 'close-listener' }, { entry: 'test/process/fixture.mjs' });
  const answer = get(`${await service.url}/slow?ms=500`);
  await inFlight(await service.management, 1, answer);
  service.kill('SIGUSR2');
  expect((await answer).status).toBe(200);
  const { code, report } = await reportOf(service);
  expect(code).toBe(1);
  expect(report).toMatchObject({ reason: 'listener-error', outcome: 'crash' });
});
