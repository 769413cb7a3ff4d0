import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { reportOf } from '../harness/report.ts';
import { freePort } from '../support/ports.ts';
import { startRecipe } from './recipe.ts';

describe('the recipe of a second listener', () => {
  test('its routes are there, and on no other', async () => {
    const port = await freePort();
    const service = startRecipe('internal', { INTERNAL_PORT: String(port) });
    const inside = `http://127.0.0.1:${port}`;
    const outside = await service.url;

    expect((await get(`${inside}/internal`)).status).toBe(200);
    expect((await get(`${inside}/public`)).status).toBe(200);
    expect((await get(`${outside}/public`)).status).toBe(200);
    expect((await get(`${outside}/internal`)).status).toBe(404);
    expect((await get(`${outside}/internal`, { method: 'POST' })).status).toBe(404);
  });

  test('both serve in the window and drain together', async () => {
    const port = await freePort();
    const service = startRecipe('internal', { INTERNAL_PORT: String(port), SHUTDOWN_WINDOW: '1s' });
    await service.url;
    await service.line({ event: 'listening', listener: 'internal' });

    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    const { status, headers } = await get(`http://127.0.0.1:${port}/internal`);

    expect({ status, connection: headers.connection }).toEqual({ status: 200, connection: 'close' });
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.listeners).toMatchObject([
      { name: 'http', result: 'closed' },
      { name: 'internal', result: 'closed', requests: { served: 1 } },
    ]);
  });

  test('a start with one port for both is refused', async () => {
    const service = startRecipe('internal', { PORT: '8082', INTERNAL_PORT: '8082' });

    const { code, stderr } = await service.ended;

    expect(code).toBe(78);
    expect(stderr).toContain('INTERNAL_PORT');
  });
});
