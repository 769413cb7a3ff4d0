import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Logger, pino } from 'pino';
import express from 'express';
import request from 'supertest';
import { requestLog } from '../../../src/lastcall/http/request-log.ts';
import { LogLines } from '../../harness/log-lines.ts';

let log: LogLines;
let logger: Logger;
beforeEach(() => {
  log = new LogLines();
  const redact = { paths: ['token', 'user.token', 'err.token'], censor: '***' };
  logger = pino({ redact, base: { service: 'shop' }, formatters: { level: (level) => ({ level }) } }, log);
});

/** Asks once, with a handler that logs, and returns what it has logged: all lines but that of the request. */
async function logged(
  handle: (log: Logger, res: express.Response) => void,
): Promise<Record<string, unknown>[]> {
  const app = express();
  app.use(requestLog(logger));
  app.get('/', (req, res) => {
    handle(req.log, res);
    res.end();
  });
  await request(app).get('/').set('X-Request-Id', 'r-1');
  await log.line({ event: 'request' });
  return log.lines.filter(({ event }) => event !== 'request');
}

describe('the logger of a request', () => {
  test('puts the id of the request into every line, and into those of its children', async () => {
    const lines = await logged((own) => {
      own.info('plain');
      own.child({ order: 7 }).warn({ a: 1 }, 'child');
      own.child({ order: 8 }).child({ item: 9 }).info('grandchild');
    });

    expect(lines).toMatchObject([
      { service: 'shop', level: 'info', requestId: 'r-1', msg: 'plain' },
      { service: 'shop', level: 'warn', requestId: 'r-1', order: 7, a: 1, msg: 'child' },
      { service: 'shop', level: 'info', requestId: 'r-1', order: 8, item: 9, msg: 'grandchild' },
    ]);
  });

  test('has the trace id, too, if the request has one', async () => {
    const app = express();
    app.use(requestLog(logger));
    app.get('/', (req, res) => {
      req.log.child({ order: 7 }).info('child');
      res.log.info(JSON.stringify(req.log.bindings()));
      res.end();
    });
    const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736';
    await request(app)
      .get('/')
      .set('X-Request-Id', 'r-1')
      .set('traceparent', `00-${trace_id}-00f067aa0ba902b7-01`);
    await log.line({ event: 'request' });

    expect(log.lines).toMatchObject([
      { requestId: 'r-1', trace_id, order: 7, msg: 'child' },
      { requestId: 'r-1', trace_id, msg: JSON.stringify({ service: 'shop', requestId: 'r-1', trace_id }) },
      { event: 'request', requestId: 'r-1', trace_id },
    ]);
  });

  test('has all that a logger of pino has', async () => {
    const lines = await logged((own) => {
      expect(own.bindings()).toEqual({ service: 'shop', requestId: 'r-1' });
      expect(own.isLevelEnabled('debug')).toBe(false);
      own.level = 'debug';
      own.debug('now shown');
      own.setBindings({ more: true });
      own.info(new Error('broken'));
    });

    expect(lines).toMatchObject([
      { level: 'debug', msg: 'now shown' },
      { more: true, requestId: 'r-1', err: { message: 'broken', stack: expect.any(String) } },
    ]);
    expect(logger.level).toBe('info');
  });

  test('follows the level of the service', async () => {
    logger.level = 'debug';
    expect(await logged((own) => own.debug('shown'))).toMatchObject([{ msg: 'shown', requestId: 'r-1' }]);
  });

  test('masks what the logger of the service masks, on the response and in children, too', async () => {
    const lines = await logged((own, res) => {
      own.info({ token: 'swordfish', user: { token: 'swordfish' } });
      own.child({ token: 'swordfish' }).info('child');
      res.log.info({ token: 'swordfish', err: { token: 'swordfish' } });
      for (const one of res.allLogs) one.info({ token: 'swordfish' });
    });

    expect(lines).toHaveLength(4);
    expect(JSON.stringify(log.lines)).not.toContain('swordfish');
  });

  test('is another one for the next request', async () => {
    const first = await logged((own) => own.setBindings({ only: 'here' }));
    expect(first).toEqual([]);
    expect(await logged((own) => own.info('second'))).toEqual([
      expect.not.objectContaining({ only: 'here' }),
    ]);
  });
});

describe('an error of the application, in the line of its request,', () => {
  async function errOf(err: unknown): Promise<unknown> {
    const app = express();
    app.use(requestLog(logger));
    app.get('/', (_req, res) => {
      res.err = err as Error;
      res.status(500).end();
    });
    await request(app).get('/');
    return (await log.line({ event: 'request', level: 'error' }))['err'];
  }
  class Inheriting extends Error {
    declare token: string;
  }
  Object.assign(Inheriting.prototype, { token: 'swordfish' });

  test.each([
    ['that has a secret', Object.assign(new Error('no'), { token: 'swordfish' })],
    ['that inherits one', new Inheriting('no')],
    ['that is none', { token: 'swordfish', message: 'no' }],
  ])('is masked: one %s', async (_which, err) => {
    expect(await errOf(err)).toMatchObject({ message: 'no', token: '***' });
  });

  test('is whole if there is nothing to mask', async () => {
    const err = new Error('no', { cause: new Error('because') });
    expect(await errOf(err)).toEqual({
      type: 'Error',
      message: 'no: because',
      stack: expect.stringMatching(/^Error: no\n.*\ncaused by: Error: because\n/s),
    });
  });
});
