import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { startService } from '../harness/service.ts';
import { unlessMissing } from '../support/skipping.ts';
import { withTakenPort } from '../support/taken-port.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

describe('a start that fails', () => {
  test('a bad configuration exits 78, lists every problem and starts nothing', async () => {
    const service = startService({ PORT: '70000x', SHUTDOWN_WINDOW: '5', LOG_LEVEL: 'loud' });
    const { code, stdout, stderr } = await service.ended;
    expect(code).toBe(78);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      '3 problems in the environment, nothing was started:',
      '  PORT="70000x": expected a port from 0 to 65535',
      '  LOG_LEVEL="loud": expected one of fatal, error, warn, info, debug, trace, silent',
      '  SHUTDOWN_WINDOW="5": expected a duration such as 250ms, 5s or 2m (at most 24h)',
      '',
    ]);
  });

  test('a variable of a room that is not in use exits 78, and is named', async () => {
    const service = startService({ FIXTURE: 'no-rooms', GATEWAY_TARGETS: '/=http://a' }, FIXTURE);
    const { code, stdout, stderr } = await service.ended;
    expect(code).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toContain(
      '  GATEWAY_TARGETS: expected not to be set, because this service has no gateway (src/service/variables.ts)\n',
    );
  });

  test.each([
    ['traffic', 'PORT', 'http'],
    ['management', 'MANAGEMENT_PORT', 'management'],
  ])('a taken %s port is named and exits 1', async (_name, variable, listener) => {
    await withTakenPort(async (port) => {
      const service = startService({ [variable]: port });
      const { code } = await service.ended;
      expect(code).toBe(1);
      const line = await service.line({ event: 'fatal' });
      expect(line.msg).toContain(
        `${listener}: port ${port} is already taken by another process (EADDRINUSE)`,
      );
      expect(service.lines.at(-1)).toMatchObject({
        event: 'shutdown',
        reason: 'start-failed',
        outcome: 'crash',
      });
    });
  });

  test('a start-up hook that fails is named, what was started before is stopped, exit 1', async () => {
    const service = startService({ FIXTURE: 'good,bad-start' }, FIXTURE);
    const { code } = await service.ended;
    expect(code).toBe(1);
    expect((await service.line({ event: 'fatal' })).msg).toContain('"bad-start" failed: no database');
    await service.line({ event: 'fixture', msg: 'good stopped' });
    expect(service.lines.some(({ listener }) => listener === 'http')).toBe(false);
  });
});

describe('SIGTERM during the start', () => {
  test('before the listeners are bound, stops what was started and exits 0', async () => {
    const service = startService(
      { FIXTURE: 'good,slow-start', SHUTDOWN_WINDOW: '20s', SHUTDOWN_WINDOW_MAX: '20s' },
      FIXTURE,
    );
    await service.line({ event: 'fixture', msg: 'starting slowly' });
    service.kill('SIGTERM');
    const { code } = await service.ended;
    expect(code).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({
      event: 'shutdown',
      outcome: 'clean',
      listeners: [],
      hooks: [
        { name: 'slow-start', result: 'ok' },
        { name: 'good', result: 'ok' },
      ],
    });
    expect(service.lines.some(({ state }) => state === 'ready')).toBe(false);
  });

  test('while the program is still loading is not lost', async () => {
    const service = startService({ FIXTURE: 'early' }, FIXTURE);
    const { code } = await service.ended;
    expect(code).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', reason: 'SIGTERM', outcome: 'clean' });
    expect(service.lines.some(({ event }) => event === 'listening')).toBe(false);
  });
});

describe('as PID 1', () => {
  const unshare = ['unshare', '--pid', '--fork', '--kill-child'];
  const possible = spawnSync('unshare', [...unshare.slice(1), 'true']).status === 0;
  const obstacle = possible ? undefined : 'no right to make a PID namespace (unshare --pid)';
  const testWherePossible = unlessMissing(test, 'the test as PID 1', obstacle);

  testWherePossible('SIGTERM ends the process with its own exit code', async () => {
    // The namespace has no other process: the shell becomes PID 1, starts nothing else and turns into node.
    const service = startService({}, { wrap: [...unshare, 'sh', '-c', 'exec "$@"', 'sh'] });
    await service.url;
    const children = readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8');
    process.kill(Number(children), 'SIGTERM');
    const { code } = await service.ended;
    expect(code).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({ event: 'shutdown', outcome: 'clean' });
  });
});
