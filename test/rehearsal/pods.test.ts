// What a pod may say besides: TLS, and the signal that asks its process to leave.
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { ownSubject } from '../../rehearsal/subject/built-service.ts';
import { summary } from '../../rehearsal/show/table.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { make, mount } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { BUILT, faulty, planOf, rehearsed } from '../support/rehearsal-plan.ts';

test('a service that speaks nothing but TLS is rehearsed over TLS, and counts what its clients count', async () => {
  const { certFile, keyFile } = mount(join(newFolder(), 'tls'), await make());
  const variables = {
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    TLS_ONLY: 'true',
    SHUTDOWN_WINDOW: '1.5s',
    SHUTDOWN_QUIET_PERIOD: '0',
    SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms',
  };
  const subject = ownSubject(BUILT, { PATH: process.env['PATH'] }, variables, true);
  const load = { rate: 60, streams: 1 };

  const result = await rehearsed(planOf(subject, { network: { https: true }, load }));

  expect(result.losses).toEqual([]);
  expect(result.requests.answered).toBeGreaterThan(100);
  expect(result.agreement).toBe('agree');
});

test('a pod with another stop signal gets that, and is told about it by its name', async () => {
  const subject = faulty('no-handler');
  const plan = planOf(subject, {
    pod: { stopSignal: 'SIGQUIT' },
    load: { fresh: 1 },
    deployment: { replicas: 1 },
  });

  const result = await rehearsed(plan);

  expect(result.replicas[0]?.exit).toMatchObject({ signal: 'SIGQUIT' });
  expect(result.findings[0]?.text).toMatch(/SIGQUIT ended the program at once/);
  expect(summary(result, { colour: false, columns: 200 })).not.toContain('SIGTERM');
});
