import { expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlappingInTime as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { endOf } from '../support/series.ts';
import { PROTOCOLS, withCertificate } from '../support/states.ts';

const start = withCertificate();

const CLIENTS = 50;
const HEAD =
  'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n';

/** Sends a byte now and then, for as long as somebody listens. */
function trickle({ socket, ended }: RawClient): void {
  const timer = setInterval(() => socket.write('x'), 100);
  void ended.then(() => clearInterval(timer));
}

describe.each(PROTOCOLS)('over %s, clients that go on sending a byte now and then', (protocol) => {
  test.each([
    [
      'of their headers are refused after HEADERS_TIMEOUT',
      'GET / HTTP/1.1\r\nX: ',
      { HEADERS_TIMEOUT: '2s' },
    ],
    [
      'of their bodies are refused after REQUEST_TIMEOUT',
      HEAD,
      { HEADERS_TIMEOUT: '2s', REQUEST_TIMEOUT: '2s' },
    ],
  ])('%s, and keep nobody waiting', async (_what, bytes, env) => {
    const { service, url } = await start(protocol, 'ready', env);
    const clients = Array.from({ length: CLIENTS }, () => new RawClient(url));
    for (const client of clients) {
      client.socket.write(bytes);
      trickle(client);
    }
    expect((await get(`${await service.url}/echo/x`)).status).toBe(200);
    await Promise.all(clients.map(async ({ ended }) => ended));
    const statuses = clients.map(({ received }) => received.slice(0, 12));
    expect(new Set(statuses)).toEqual(new Set(['HTTP/1.1 408']));
    const { requests, connections } = await endOf(service, protocol);
    expect(requests.lifetime).toMatchObject({ broken: 0, cut: 0 });
    expect(connections.lifetime).toMatchObject({ left: 0, broken: 0, cut: 0 });
  });
});
