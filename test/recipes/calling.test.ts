import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { numbersOf, reportOf } from '../harness/report.ts';
import { startRecipe } from './recipe.ts';
import { startUpstream } from './servers/upstream.ts';

const PRICE = { amount: 5 };

const priced = (res: ServerResponse) => res.end(JSON.stringify(PRICE));

describe('the recipe of a call', () => {
  test('has the id and the trace of the request', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const url = await startUpstream((req, res) => {
      seen.push(req.headers);
      priced(res);
    });
    const service = startRecipe('calling', { PRICES_URL: url });
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { 'x-request-id': 'r-1', traceparent: `00-${trace}-b7ad6b7169203331-01` };

    const answer = await fetch(`${await service.url}/products/A-1`, { headers });

    expect(await answer.json()).toEqual({ sku: 'A-1', price: PRICE });
    expect(seen).toMatchObject([{ 'x-request-id': 'r-1' }]);
    expect(seen[0]?.['traceparent']).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  });

  test.each([
    ['says 503', (res: ServerResponse) => void res.writeHead(503).end()],
    ['breaks off', (res: ServerResponse) => void res.destroy()],
  ])('that %s is tried once more', async (_what, fail) => {
    let calls = 0;
    const url = await startUpstream((_req, res) => (++calls === 1 ? fail(res) : priced(res)));
    const service = startRecipe('calling', { PRICES_URL: url });

    const { status } = await get(`${await service.url}/products/A-1`);

    expect({ status, calls }).toEqual({ status: 200, calls: 2 });
  });

  test('that always fails gets a tenth more of requests, and ten', async () => {
    let calls = 0;
    const url = await startUpstream((_req, res) => {
      calls++;
      res.writeHead(503).end();
    });
    const service = startRecipe('calling', { PRICES_URL: url });
    const products = `${await service.url}/products/A-1`;

    for (let i = 0; i < 100; i++) expect((await get(products)).status).toBe(502);

    expect(calls).toBeGreaterThanOrEqual(110);
    expect(calls).toBeLessThanOrEqual(120);
    const { body } = await get(`${await service.management}/metrics`);
    expect(body).toContain(`\nprices_retries_total{allowed="true"} ${calls - 100}\n`);
  });

  test('that takes too long is given up, and answered with 504', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await startUpstream((_req, res) => void (closed = once(res, 'close')));
    const service = startRecipe('calling', { PRICES_URL: url, PRICES_TIMEOUT: '100ms' });

    expect((await get(`${await service.url}/products/A-1`)).status).toBe(504);
    await closed;
  });

  test('whose client has left is given up', async () => {
    let arrived = (_res: ServerResponse) => undefined as void;
    const asked = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const url = await startUpstream((_req, res) => arrived(res));
    const service = startRecipe('calling', { PRICES_URL: url, PRICES_TIMEOUT: '1m' });
    const client = request(`${await service.url}/products/A-1`, { agent: false });
    client.on('error', () => undefined);
    client.end();
    const closed = once(await asked, 'close');

    client.destroy();

    await closed;
  });

  test('that is under way at the signal is waited for', async () => {
    let arrived = (_res: ServerResponse) => undefined as void;
    const asked = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const url = await startUpstream((_req, res) => arrived(res));
    const service = startRecipe('calling', { PRICES_URL: url, PRICES_TIMEOUT: '1m' });
    const answer = get(`${await service.url}/products/A-1`);
    await inFlight(await service.management, 1, answer);
    service.kill('SIGTERM');
    await service.line({ state: 'draining' });

    priced(await asked);

    expect((await answer).status).toBe(200);
    expect((await reportOf(service)).code).toBe(0);
  });

  test('that outlasts the drain ends with its request, which is counted as cut', async () => {
    let arrived = (_res: ServerResponse) => undefined as void;
    const asked = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const url = await startUpstream((_req, res) => arrived(res));
    const env = { PRICES_URL: url, PRICES_TIMEOUT: '1m', SHUTDOWN_DRAIN_TIMEOUT: '200ms' };
    const service = startRecipe('calling', env);
    get(`${await service.url}/products/A-1`).catch(() => undefined);
    const closed = once(await asked, 'close');

    service.kill('SIGTERM');

    const { code, report } = await reportOf(service);
    await closed;
    expect(code).toBe(80);
    expect(numbersOf(report).requests).toMatchObject({ cut: 1 });
  });
});
