import { join } from 'node:path';
import { beforeAll, expect } from '@jest/globals';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { leave, reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { make, mount } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { REFUSED_BYTES, SECRET, SERVED_BYTES, talkOfAll } from '../support/smuggling.ts';
import { PROTOCOLS } from '../support/states.ts';

const ROUTES = ['/echo', '/echo/*path', '/', 'unmatched'];

let service: ServiceProcess;
const ports: Record<string, string> = {};

beforeAll(async () => {
  const { certFile, keyFile } = mount(join(newFolder(), 'tls'), await make());
  const tls = { TLS_PORT: '0', TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
  service = startService({ LOG_LEVEL: 'info', ...(PROTOCOLS.includes('https') && tls) });
  own(endsWell);
  for (const protocol of PROTOCOLS) {
    const { port } = await service.line({ event: 'listening', listener: protocol });
    ports[protocol] = `${protocol}://127.0.0.1:${String(port)}`;
  }
  ports['management'] = await service.management;
});

/** Every request is accounted for, none under a name that its client has chosen, and nothing in the log is its secret. */
async function endsWell(): Promise<void> {
  const { body } = await get(`${ports['management']}/metrics`);
  const routes = [...body.matchAll(/http_route="([^"]*)"/g)].map(([, route]) => route);
  expect(ROUTES).toEqual(expect.arrayContaining(routes));
  await leave(service);
  const { code, report } = await reportOf(service);
  expect(code).toBe(0);
  for (const { requests } of report.listeners) {
    expect(requests.lifetime).toMatchObject({ aborted: 0, broken: 0, cut: 0 });
  }
  const { stdout, stderr } = await service.ended;
  expect(stdout + stderr).not.toContain(SECRET);
}

const toOwn = (bytes: string) => bytes.replace('POST @', 'POST /echo').replaceAll('@', '/echo/x');
const SERVED = Object.fromEntries(Object.entries(SERVED_BYTES).map(([name, [bytes]]) => [name, bytes]));
const all = (table: object, outcome: unknown) =>
  Object.fromEntries(Object.keys(table).map((name) => [name, outcome]));

describe.each([...PROTOCOLS, 'management'])('what can be read in two ways, %s,', (listener) => {
  test('is refused, with the end of the connection', async () => {
    const place = listener === 'management' ? (bytes: string) => bytes.replaceAll('@', '/livez') : toOwn;
    const heard = await talkOfAll(ports[listener] ?? '', REFUSED_BYTES, place);
    // The management port answers before it reads a body: of a POST it says what a POST is there. Nor does it read on.
    const refusal =
      listener === 'management'
        ? /^(405 )?(4\d\d close|405 keep-alive) (end|ECONNRESET|EPIPE)$/
        : /^4(00|13|31) close end$/;
    expect(heard).toEqual(all(REFUSED_BYTES, expect.stringMatching(refusal)));
  });

  test('and is odd and allowed, is answered, each request once', async () => {
    const place = listener === 'management' ? (bytes: string) => bytes.replaceAll('@', '/livez') : toOwn;
    const heard = await talkOfAll(ports[listener] ?? '', SERVED, place);
    const expected = Object.entries(SERVED_BYTES).map(([name, [, requests]]) => [
      name,
      expect.stringMatching(new RegExp(`^(100 )?([24]\\d\\d ){${requests.length}}close end$`)),
    ]);
    expect(heard).toEqual(Object.fromEntries(expected));
  });
});
