import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { get } from '../harness/http.ts';
import { leave, reportOf } from '../harness/report.ts';
import { getTls, httpsPort, startWithTls } from '../support/https.ts';

describe('HTTP and HTTPS', () => {
  test('serve the same application, and both reach every target of the gateway', async () => {
    const targets = await Promise.all(['one', 'two'].map(async (name) => backend(name)));
    const service = await startWithTls({ GATEWAY_TARGETS: `/one=${targets[0]?.url},/=${targets[1]?.url}` });
    const port = await httpsPort(service);
    const url = await service.url;
    for (const path of ['/echo/x', '/one', '/two']) {
      expect((await get(`${url}${path}`)).status).toBe(200);
      expect((await getTls(port, path)).status).toBe(200);
    }
    expect(targets.map(({ seen }) => seen)).toEqual([
      ['http', 'https'],
      ['http', 'https'],
    ]);
    for (const { close } of targets) close();
    await leave(service);
    expect((await reportOf(service)).report.listeners).toMatchObject([
      { name: 'http', result: 'closed', requests: { lifetime: { accepted: 3, answered: 3 } } },
      { name: 'https', result: 'closed', requests: { lifetime: { accepted: 3, answered: 3 } } },
    ]);
  });
});

/** A target that notes by which scheme its requests came to the gateway. */
async function backend(name: string) {
  const seen: unknown[] = [];
  const server = http.createServer((req, res) => {
    seen.push(req.headers['x-forwarded-proto']);
    res.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, seen, close };
}
