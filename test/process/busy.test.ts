import { expect, jest, test } from '@jest/globals';
import { leave, numbersOf, reportOf } from '../harness/report.ts';
import { limitCpu, testWithCpuLimit } from '../support/cpu-limit.ts';
import { KeepAliveClients, punctual } from '../support/keep-alive-clients.ts';
import { withCertificate } from '../support/states.ts';

// One after the other: nothing else may keep their clients waiting.
jest.setTimeout(120_000);

const start = withCertificate();
const testWherePossible = testWithCpuLimit(test);

test('a loop that is busy for 60 of every 80 ms loses none of 300 clients that pause for less than the minimum idle', async () => {
  const { code, report, answered, lost } = await punctual(async () => {
    const { service, url } = await start('http', 'draining', {
      FIXTURE: 'busy',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '400ms',
      SHUTDOWN_DRAIN_TIMEOUT: '20s',
    });
    const clients = new KeepAliveClients(url, 300, 340, 400);
    await clients.busy;
    await leave(service);
    const result = await reportOf(service);
    await clients.done;
    return { ...result, ...clients.tally };
  });
  expect(lost).toEqual({});
  expect(code).toBe(0);
  expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: answered, answered });
});

testWherePossible(
  'a tenth of a core loses none of 150 clients',
  async () => {
    const { service, url } = await start('http', 'draining', {
      SHUTDOWN_WINDOW: '1s',
      SHUTDOWN_WINDOW_MAX: '1s',
      SHUTDOWN_DRAIN_TIMEOUT: '20s',
    });
    limitCpu(service.pid, 0.1);
    const clients = new KeepAliveClients(url, 150, 500);
    await clients.busy;
    service.kill('SIGTERM');
    const { code, report } = await reportOf(service);
    await clients.done;
    const { answered, lost } = clients.tally;
    expect(lost).toEqual({});
    expect(code).toBe(0);
    expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: answered, answered });
    expect(report.lateMs.window + report.lateMs.drain).toBeGreaterThan(0);
  },
  120_000,
);
