import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { numbersOf, reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';

const STALLS_MS = [3000, 30_000];
/** All of them are over in the midst of each stall. */
const SHORT = {
  KEEP_ALIVE_TIMEOUT: '1s',
  HEADERS_TIMEOUT: '1s',
  REQUEST_TIMEOUT: '1s',
  SHUTDOWN_WINDOW: '1s',
  SHUTDOWN_WINDOW_MAX: '1s',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
};

const start = (env: Record<string, string>) => startService(env, { entry: 'test/process/faulty.mjs' });

describe.each(STALLS_MS)('a callback that keeps the event loop busy for %i ms', (ms) => {
  test.each(['ready', 'lame-duck', 'draining'])(
    'in the state %s loses nothing that was sent meanwhile',
    async (state) => {
      const service = start({
        ...SHORT,
        ...(state === 'draining' && { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0' }),
      });
      const url = await service.url;
      const [blocker, kept, half] = await Promise.all(
        [1, 2, 3].map(async () => new RawClient(url).connected()),
      );
      kept!.get('/echo/kept');
      await kept!.receives('/echo/kept"');
      half!.socket.write('GET /echo/half HTTP/1.1\r\nHo');
      if (state !== 'ready') service.kill('SIGTERM');
      await service.line({ state });
      blocker!.get(`/block?ms=${ms}`);
      await blocker!.receives('blocking');
      if (state === 'ready') service.kill('SIGTERM');
      kept!.get('/echo/again');
      half!.socket.write('st: x\r\n\r\n');
      await blocker!.receives('done');
      await kept!.receives('/echo/again"');
      await half!.receives('/echo/half"');
      for (const { socket } of [blocker!, kept!, half!]) socket.end();
      const { code, report } = await reportOf(service);
      expect(code).toBe(0);
      expect(numbersOf(report).requests.lifetime).toMatchObject({ accepted: 4, answered: 4 });
    },
    ms + 60_000,
  );

  test(
    'makes the deadlines of the drain and of the shutdown late by that and by no more',
    async () => {
      const service = start({
        SHUTDOWN_WINDOW: '0',
        SHUTDOWN_DRAIN_TIMEOUT: 'none',
        SHUTDOWN_WINDOW_MAX: '0',
        SHUTDOWN_CLEANUP_TIMEOUT: '100ms',
        SHUTDOWN_GRACE_PERIOD: '3s',
      });
      const cut = start({ SHUTDOWN_WINDOW: '0', SHUTDOWN_DRAIN_TIMEOUT: '1s', SHUTDOWN_WINDOW_MAX: '0' });
      const outcomes = [service, cut].map(async (one) => {
        const [url, management] = await Promise.all([one.url, one.management]);
        const blocker = await new RawClient(url).connected();
        const stuck = get(`${url}/slow?ms=60000`);
        stuck.catch(() => undefined);
        await inFlight(management, 1, stuck);
        one.kill('SIGTERM');
        await one.line({ state: 'draining' });
        blocker.get(`/block?ms=${ms}`);
        await blocker.receives('blocking');
        const { code, report } = await reportOf(one);
        expect(report.lateMs.drain).toBeGreaterThan(ms - 200);
        expect(report.ms.drain - report.lateMs.drain).toBeLessThan(2500);
        return code;
      });
      expect(await Promise.all(outcomes)).toEqual([82, 80]);
    },
    ms + 60_000,
  );
});
