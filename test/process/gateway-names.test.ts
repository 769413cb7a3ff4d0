import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from '@jest/globals';
import { get, probe } from '../harness/http.ts';
import { group as describe, overlapping } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { newFolder } from '../support/folder.ts';
import { rawTarget } from '../support/raw-target.ts';
import { unlessMissing } from '../support/skipping.ts';

/** Nobody is there. */
const ABSENT = '127.53.0.1';
/** Takes every question and answers none. */
const SILENT = '127.53.0.2';

const possible = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
const obstacle = possible ? undefined : 'no right to give a process its own name server (unshare --mount)';
const test = unlessMissing(overlapping, 'the tests of name servers that fail', obstacle);

beforeAll(async () => {
  if (!possible) return;
  const silent = createSocket({ type: 'udp4', reuseAddr: true }).bind(53, SILENT);
  own(() => silent.close());
  await once(silent, 'listening');
});

/** A service that asks this name server, and no other. */
function withNameServer(address: string, env: Record<string, string>): ServiceProcess {
  const file = join(newFolder(), 'resolv.conf');
  writeFileSync(file, `nameserver ${address}\noptions timeout:30 attempts:5\n`);
  const bind = `mount --bind ${file} /etc/resolv.conf && exec "$@"`;
  return startService(env, { wrap: ['unshare', '--mount', 'sh', '-c', bind, 'sh'] });
}

async function problemAt(url: string): Promise<[status: number, detail: unknown]> {
  const answer = await get(url);
  return [answer.status, answer.json()['detail']];
}

describe('a name server', () => {
  test('that is not there makes a target a 502, and nothing else', async () => {
    const service = withNameServer(ABSENT, { GATEWAY_TARGETS: '/away=http://target.example' });
    const [url, management] = await Promise.all([service.url, service.management]);
    expect(await problemAt(`${url}/away`)).toEqual([502, expect.stringContaining('EAI_AGAIN')]);
    expect(await probe(management, '/readyz')).toBe(200);
    service.kill('SIGTERM');
    expect((await reportOf(service)).code).toBe(0);
  });

  test('that does not answer makes a target a 504, and keeps nobody else waiting, not even the end', async () => {
    const near = await rawTarget(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const service = withNameServer(SILENT, {
      GATEWAY_TARGETS: `/away=http://target.example,/near=${near.url}`,
      GATEWAY_TIMEOUT: '500ms',
    });
    const [url, management] = await Promise.all([service.url, service.management]);
    // More than libuv has threads.
    const away = await Promise.all(Array.from({ length: 6 }, async () => problemAt(`${url}/away`)));
    expect(away).toEqual(away.map(() => [504, '/away did not answer within 500 ms']));
    const others = [`${url}/near`, `${url}/echo/x`, `${management}/readyz`, `${management}/metrics`];
    expect(await Promise.all(others.map(async (other) => (await get(other)).status))).toEqual([
      200, 200, 200, 200,
    ]);
    service.kill('SIGTERM');
    // Node before 22.15 waits for its threads behind the report: faults-system.test.ts.
    expect(await service.line({ event: 'shutdown' })).toMatchObject({ outcome: 'clean', exitCode: 0 });
    if ('execve' in process) await service.ended;
  });
});
