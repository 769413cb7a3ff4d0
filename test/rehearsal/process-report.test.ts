import { expect, test } from '@jest/globals';
import {
  answeredBy,
  cutBy,
  isReport,
  type ProcessReport,
  requestsOf,
} from '../../rehearsal/subject/process-report.ts';
import { DEFAULTS, graceOf } from '../../rehearsal/subject/settings.ts';
import { LAST_WORD, STATE_NAMES, traitsOf } from '../../rehearsal/subject/states.ts';
import { loadConfig } from '../../src/lastcall/config/config.ts';
import { everyVariable } from '../support/schema.ts';
import { STATES } from '../../src/lastcall/lifecycle/states.ts';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { QUICK } from '../harness/environment.ts';
import { reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';

const SCHEMA = everyVariable();

// The rehearsal imports nothing of the service: what it takes for granted of it is compared here; of the type,
// `npm run typecheck` says when it no longer fits.
const asRead = (report: Report): ProcessReport => report;

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
  expect(isReport({ event: 'shutdown', listeners: [], cutRequests: [], ms: {}, hooks: [null] })).toBe(false);
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

test('the defaults of the settings are the service’s own', () => {
  const schema: Record<string, { fallback: string | undefined }> = SCHEMA;
  const fallbacks = Object.keys(DEFAULTS).map((name) => [name, schema[name]?.fallback]);

  expect(Object.fromEntries(fallbacks)).toEqual(DEFAULTS);
  const shutdown = Object.keys(SCHEMA).filter((name) => name.startsWith('SHUTDOWN_'));
  expect(Object.keys(DEFAULTS)).toEqual(expect.arrayContaining(shutdown));
});

test.each([
  {},
  { SHUTDOWN_WINDOW: '12s' },
  { SHUTDOWN_DRAIN_TIMEOUT: '1m', SHUTDOWN_SCRAPE_WAIT: '0' },
  { SHUTDOWN_WINDOW_MAX: '7500ms', SHUTDOWN_CLEANUP_TIMEOUT: '500ms' },
])(
  'the grace period that a rehearsal makes of %j is the least that the service starts with',
  (environment) => {
    const graceMs = graceOf(environment);
    const start = (ms: number) => loadConfig({ ...environment, SHUTDOWN_GRACE_PERIOD: `${ms}ms` }, false);

    expect(start(graceMs).shutdown.graceMs).toBe(graceMs);
    expect(() => start(graceMs - 1000)).toThrow(/problem/);
  },
);
