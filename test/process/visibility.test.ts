import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { get, inFlight } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { startService } from '../harness/service.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };

describe('the termination message', () => {
  function emptyFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'service-'));
    own(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'termination-log');
    writeFileSync(file, '');
    return file;
  }

  const message = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

  test('is the report, written in place', async () => {
    const file = emptyFile();
    const { ino } = statSync(file);
    const service = startService({ TERMINATION_LOG: file });
    await service.url;
    expect(readFileSync(file, 'utf8')).toBe('');
    service.kill('SIGTERM');
    await service.ended;
    expect(message(file)).toMatchObject({ event: 'shutdown', outcome: 'clean', exitCode: 0 });
    expect(statSync(file).ino).toBe(ino);
  });

  test('says how far the shutdown had come when the process is killed in the middle of it', async () => {
    const file = emptyFile();
    const service = startService({ TERMINATION_LOG: file });
    const answers = [1, 2, 3].map(async () => get(`${await service.url}/slow?ms=60000`));
    for (const answer of answers) answer.catch(() => undefined);
    await inFlight(await service.management, 3);
    service.kill('SIGTERM');
    await service.line({ state: 'draining' });
    await get(`${await service.management}/livez`); // answered only when the state change is through
    service.kill('SIGKILL');
    expect((await service.ended).signal).toBe('SIGKILL');
    expect(message(file)).toMatchObject({
      event: 'shutdown',
      state: 'draining',
      reason: 'SIGTERM',
      inFlight: 3,
    });
  });

  test('that has no file to go to is a warning and nothing more', async () => {
    const missing = `${emptyFile()}-missing`;
    const service = startService({ TERMINATION_LOG: missing });
    await service.url;
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
    expect(await service.line({ event: 'termination-log' })).toMatchObject({ level: 'warn' });
    expect(() => statSync(missing)).toThrow('ENOENT');
  });
});

/** How Prometheus, and all that scrape as it does, say that they do. */
const SCRAPER = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };

describe('/metrics', () => {
  test('is readable until the end and shows the states of the shutdown', async () => {
    const env = { FIXTURE: 'hung', SHUTDOWN_SCRAPE_WAIT: '20s' };
    const service = startService(env, FIXTURE);
    const management = await service.management;
    const scrape = async () => (await get(`${management}/metrics`, { headers: SCRAPER })).body;
    await service.url;
    expect(await scrape()).toContain('lifecycle_state{state="ready"} 1');
    service.kill('SIGTERM');
    await service.line({ state: 'cleanup' });
    expect(await scrape()).toContain('lifecycle_state{state="cleanup"} 1');
    await service.line({ state: 'final-scrape' });
    const last = await scrape();
    expect(last).toContain('lifecycle_state{state="final-scrape"} 1');
    expect(last).toContain('shutdown_hooks_total{hook="hung",result="timeout"} 1');
    expect(last).toContain('shutdown_signals_total{signal="SIGTERM"} 1');
    const { code } = await service.ended; // and does not wait for the rest of the 20 s
    expect(code).toBe(81);
    expect(service.lines.at(-1)?.['ms']).toMatchObject({ finalScrape: expect.any(Number) });
  });

  test('is waited for until each replica of Prometheus has read it', async () => {
    const service = startService({ SHUTDOWN_SCRAPE_WAIT: '20s' });
    const management = await service.management;
    const replica = (localAddress: string) => async () =>
      get(`${management}/metrics`, { agent: new http.Agent({ localAddress }), headers: SCRAPER });
    const [one, two] = [replica('127.0.0.1'), replica('127.0.0.2')];
    await service.url;
    await one();
    await two();
    service.kill('SIGTERM');
    await service.line({ state: 'final-scrape' });
    await one();
    await one();
    const { body } = await two(); // it is still there
    expect(body).toContain('lifecycle_state{state="final-scrape"} 1');
    expect((await service.ended).code).toBe(0);
  });

  test('is not waited for when nobody but a probe and a curious human has ever read it', async () => {
    const service = startService({ SHUTDOWN_SCRAPE_WAIT: '20s' });
    await get(`${await service.management}/livez`);
    await get(`${await service.management}/metrics`);
    await get(`${await service.management}/metrics`);
    await service.url;
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
    expect(service.lines.some(({ state }) => state === 'final-scrape')).toBe(false);
  });

  test('is waited for no longer than told', async () => {
    const service = startService({ SHUTDOWN_SCRAPE_WAIT: '200ms' });
    await get(`${await service.management}/metrics`, { headers: SCRAPER });
    await service.url;
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
    await service.line({ state: 'final-scrape' });
  });

  test('is waited for no longer than one and a half of the intervals in which it was read', async () => {
    const service = startService({ SHUTDOWN_SCRAPE_WAIT: '20s' });
    const management = await service.management;
    for (const _ of [1, 2, 3]) await get(`${management}/metrics`);
    const { scrapes } = (await get(`${management}/lifecycle`)).json() as { scrapes: { intervalMs: number } };
    await service.url;
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
    const { ms } = service.lines.at(-1) as unknown as { ms: { finalScrape: number } };
    expect(ms.finalScrape).toBeGreaterThanOrEqual(Math.floor(1.5 * scrapes.intervalMs));
    expect(ms.finalScrape).toBeLessThan(10_000);
  });
});

describe('the log', () => {
  test('says nothing about probes and scrapes', async () => {
    const service = startService();
    const management = await service.management;
    for (const path of ['/livez', '/readyz', '/metrics', '/']) await get(`${management}${path}`);
    await get(await service.url);
    service.kill('SIGTERM');
    await service.ended;
    expect(service.lines.filter(({ event }) => event === 'request')).toHaveLength(1);
  });

  test('shows the effective configuration at debug', async () => {
    const service = startService({ LOG_LEVEL: 'debug', SHUTDOWN_DRAIN_TIMEOUT: 'none' });
    const { config } = await service.line({ event: 'config' });
    expect(config).toMatchObject({ shutdown: { windowMs: 100, drainTimeoutMs: 'none' } });
  });

  test('may lose its reader without ending the service', async () => {
    const service = startService();
    const management = await service.management;
    const url = await service.url;
    service.closeStdout();
    expect((await get(url)).status).toBe(200); // writes a line that nobody takes
    expect((await get(`${management}/livez`)).status).toBe(200);
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });
});
