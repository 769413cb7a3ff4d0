import { expect, test } from '@jest/globals';
import {
  answeredBy,
  cutBy,
  isReport,
  type ProcessReport,
  requestsOf,
} from '../../rehearsal/subject/process-report.ts';
import type { ServiceConfig } from '../../rehearsal/subject/built-service.ts';
import { LAST_WORD, STATE_NAMES, traitsOf } from '../../rehearsal/subject/states.ts';
import { loadConfig, SCHEMA } from '../../src/config.ts';
import { STATES } from '../../src/lifecycle/lifecycle.ts';
import type { Report } from '../../src/lifecycle/report.ts';
import { QUICK, startService } from '../support/process.ts';
import { reportOf } from '../support/report.ts';

// The rehearsal imports nothing of the service: what it takes for granted of it is compared here. Of these two,
// `npm run typecheck` says when they no longer fit.
const asRead = (report: Report): ProcessReport => report;
const CONFIG: ServiceConfig = { loadConfig, SCHEMA };

test('a report of the service is read as one, with the numbers that it has', async () => {
  const service = startService(QUICK);
  await fetch(await service.url);
  service.kill('SIGTERM');
  const { report } = await reportOf(service);

  const read = asRead(report);

  expect(isReport({ ...report })).toBe(true);
  expect(answeredBy(read)).toBe(1);
  expect(cutBy(read)).toBe(0);
  expect(read.listeners[0]?.requests).toMatchObject({
    served: expect.any(Number),
    drained: expect.any(Number),
  });
  expect(requestsOf(read, 'aborted')).toBe(0);
  const phases = STATE_NAMES.flatMap((state) => traitsOf(state).phase ?? []);
  expect(Object.keys(read.ms).sort()).toEqual([...phases, 'total'].sort());
});

test('what another program logs by the same name is not taken for one', () => {
  expect(isReport({ event: 'shutdown', listeners: [null], cutRequests: [], ms: {} })).toBe(false);
});

test('what a report of another version does not count is 0', () => {
  const listeners = [{ connections: { cut: 0 }, requests: { cut: 1, lifetime: { answered: 5 } } }];
  const report: ProcessReport = { event: 'shutdown', ms: {}, listeners, cutRequests: [] };

  expect([requestsOf(report, 'broken'), requestsOf(report, 'cut'), answeredBy(report)]).toEqual([0, 1, 5]);
});

test('the states of the service are known, each by its name', () => {
  const logged = STATE_NAMES.filter((state) => traitsOf(state).logged === true);

  expect([...logged, LAST_WORD]).toEqual(STATES);
  expect(traitsOf('toString')).toEqual({});
});

test('the settings of the service are read as it reads them', () => {
  expect(CONFIG.loadConfig({ SHUTDOWN_WINDOW_MAX: '7s' }, false).shutdown).toMatchObject({
    windowMaxMs: 7000,
  });
});
