import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../../src/lastcall/config/config.ts';
import { Health } from '../../../src/lastcall/lifecycle/health.ts';
import { Hooks } from '../../../src/lastcall/lifecycle/hooks.ts';
import {
  logHealth,
  logLifecycle,
  logAddresses,
  logListening,
} from '../../../src/lastcall/telemetry/logger.ts';
import { quickLifecycle } from '../../support/lifecycle.ts';
import { LogLines, type LogLine } from '../../harness/log-lines.ts';

/** The logger writes to the real stdout, so it is a process of its own that logs. */
function logged(code: string, log = { level: 'info', format: 'json' }): string {
  const config = { log, service: { name: 'shop', version: '1.2.3', revision: 'abc', pod: 'shop-1' } };
  const script = `
    import { createLogger } from './dist/lastcall/telemetry/logger.js';
    const { logger } = await createLogger(${JSON.stringify(config)});
    ${code}`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

describe('the logger', () => {
  test('writes JSON lines with level, time and who it is', () => {
    const line = JSON.parse(logged(`logger.warn({ a: 1 }, 'hello');`)) as LogLine;

    expect(line).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      service: 'shop',
      version: '1.2.3',
      pod: 'shop-1',
      a: 1,
      msg: 'hello',
    });
  });

  test.each(['json', 'pretty'])('loses no line when the process ends at once (%s)', (format) => {
    const out = logged(`for (let i = 0; i < 2000; i++) logger.info('line ' + i); process.exit(3 - 3);`, {
      level: 'info',
      format,
    });

    expect(out.trimEnd().split('\n')).toHaveLength(2000);
    expect(out).toContain('line 1999');
  });

  test('writes nothing below its level', () => {
    expect(logged(`logger.info('x'); logger.debug('y');`, { level: 'warn', format: 'json' })).toBe('');
  });

  test.each(['authorization', 'cookie', 'set-cookie', 'password', 'secret', 'token', 'apiKey'])(
    'masks %s at the top, in a user, in the headers of a request, and in an error of an HTTP client',
    (name) => {
      const out = logged(`
        const inner = { ${JSON.stringify(name)}: 'swordfish', other: 'shown' };
        logger.info(inner);
        logger.info({ user: inner });
        logger.info({ req: { headers: inner } });
        logger.error(Object.assign(new Error('x'), { config: { headers: inner } }));`);

      expect(out).not.toContain('swordfish');
      expect(out.match(/"\*\*\*"/g)).toHaveLength(4);
      expect(out.match(/shown/g)).toHaveLength(4);
    },
  );
});

describe('the life of the process in the log', () => {
  test('is one line per state, signal, listener and hook, and the report as the last', async () => {
    const log = new LogLines();
    const hooks = new Hooks(4000);
    hooks.add({ name: 'db', stop: () => undefined });
    hooks.add({
      name: 'queue',
      stop: () => {
        throw new Error('gone');
      },
    });
    const lifecycle = quickLifecycle([], hooks);
    logLifecycle(pino({ formatters: { level: (label) => ({ level: label }) } }, log), lifecycle);

    await lifecycle.start();
    lifecycle.signal('SIGTERM');
    const leaving = lifecycle.shutdown();
    lifecycle.signal('SIGTERM');
    await leaving;

    const shown = log.lines.map(({ level, event, state, signal, hook, outcome }) =>
      [level, event, state ?? signal ?? hook ?? outcome].join(' '),
    );
    expect(shown).toEqual([
      'info lifecycle ready',
      'info signal SIGTERM',
      'info lifecycle lame-duck',
      'info signal SIGTERM',
      'info lifecycle draining',
      'info lifecycle cleanup',
      'error hook queue',
      'info hook db',
      'info lifecycle exited',
      'error shutdown hook-failed',
    ]);
    expect(log.lines[3]).toMatchObject({ repeated: true, msg: 'SIGTERM again' });
    expect(log.lines[6]).toMatchObject({ result: 'error', err: { message: 'gone' } });
    expect(log.lines.at(-1)).toMatchObject({
      reason: 'SIGTERM',
      exitCode: 81,
      repeatedSignals: 1,
      msg: expect.stringMatching(/^hook-failed shutdown in \d+ ms, exit 81$/),
    });
  });

  test('names each cut request, and the listener that cut it', () => {
    const log = new LogLines();
    const lifecycle = quickLifecycle();
    logLifecycle(pino({}, log), lifecycle);
    const request = {
      outcome: 'cut' as const,
      listener: 'http',
      method: 'GET',
      route: '/slow',
      ageMs: 5,
      bytesSent: 0,
      requestId: 'r',
    };

    lifecycle.emit('cut', request);
    lifecycle.emit('listener', { name: 'http', result: 'cut', ms: 2500, cutRequests: [request] });

    expect(log.lines).toMatchObject([
      { level: 40, event: 'cut', ...request, msg: 'cut GET /slow' },
      { level: 40, event: 'listener', cut: 1, msg: 'http cut after 2.5 s: 1 request' },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an error', new Error('boom'), 'boom'],
    ['nothing', undefined, 'undefined'],
    ['what has no text', Object.create(null), 'a value that has no text'],
  ])('has a crash with %s as fatal', (_name, error, message) => {
    const log = new LogLines();
    const lifecycle = quickLifecycle();
    logLifecycle(pino({}, log), lifecycle);

    lifecycle.fatal('unhandledRejection', error);

    expect(log.lines[0]).toMatchObject({
      level: 60,
      event: 'fatal',
      kind: 'unhandledRejection',
      err: { message },
      msg: `unhandledRejection: ${message}`,
    });
  });

  test('tells which port a listener has, and when a check goes down', async () => {
    const log = new LogLines();
    const health = new Health({ timeoutMs: 100, intervalMs: 60_000 });
    logHealth(pino({}, log), health);
    logListening(pino({}, log), 'http', 8080);
    health.add('db', () => {
      throw new Error('refused');
    });
    health.start();
    await log.line({ event: 'health' });
    health.stop();

    expect(log.lines).toMatchObject([
      { event: 'listening', listener: 'http', port: 8080, msg: 'http listening on port 8080' },
      { level: 40, event: 'health', check: 'db', up: false, error: 'refused' },
    ]);
  });

  test.each<[what: string, host: string | undefined, listeners: string[], msg: string]>([
    [
      'on all interfaces',
      undefined,
      ['http', 'https'],
      'open: http://localhost:8080; https://localhost:8080; probes, metrics and state: http://localhost:8081',
    ],
    ['on IPv6', '::1', ['http'], 'open: http://[::1]:8080; probes, metrics and state: http://[::1]:8081'],
    ['without traffic', '0.0.0.0', [], 'open: probes, metrics and state: http://localhost:8081'],
  ])('tells people in one line where a service %s is', (_what, host, listeners, msg) => {
    const log = new LogLines();
    const { http, management } = loadConfig({ HOST: host, MANAGEMENT_HOST: host }, true);

    logAddresses(
      pino({}, log),
      { http, management },
      {
        listeners: listeners.map((name) => ({ name, port: 8080 })),
        management: { port: 8081 },
      },
    );

    expect(log.lines).toMatchObject([{ event: 'open', msg }]);
  });
});
