import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from '@jest/globals';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { get, inFlight } from '../harness/http.ts';
import { startService } from '../harness/service.ts';
import { RawClient } from '../harness/raw-client.ts';
import { leave, reportOf } from '../harness/report.ts';
import { make } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { alone, getTls, httpsPort, newSecret, startWithTls, tls } from '../support/https.ts';

/** Opens a TLS connection and returns it with the common name of the certificate that it was shown. */
async function handshake(port: number): Promise<{ socket: TLSSocket; name: string }> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return { socket, name: String(socket.getPeerCertificate().subject.CN) };
}

describe('HTTP and HTTPS', () => {
  test('stop in parallel under one deadline: the idle one is closed at once, the stuck one is cut', async () => {
    const service = await startWithTls({ SHUTDOWN_DRAIN_TIMEOUT: '1500ms' });
    const stuck = getTls(await httpsPort(service), '/slow?ms=15000');
    stuck.catch(() => undefined);
    await inFlight(await service.management, 1, stuck);
    service.kill('SIGTERM');
    const closed = await service.line({ event: 'listener', listener: 'http' });
    expect(closed.msg).toMatch(/^http closed after \d+ ms$/);
    expect(closed['ms']).toBeLessThan(1000);
    const cut = await service.line({ event: 'listener', listener: 'https' });
    expect(cut.msg).toMatch(/^https cut after 1\.\d s: 1 request$/);
    await expect(stuck).rejects.toMatchObject({ code: 'ECONNRESET' });
    const { code, report } = await reportOf(service);
    expect(code).toBe(80);
    expect(report.cutRequests).toMatchObject([{ listener: 'https', route: '/slow' }]);
  });

  test('answer what is in flight, over TLS with Connection: close too', async () => {
    const service = await startWithTls();
    const port = await httpsPort(service);
    const answers = [getTls(port, '/slow?ms=900'), get(`${await service.url}/slow?ms=900`)] as const;
    await inFlight(await service.management, 2);
    await leave(service);
    expect(await answers[0]).toEqual({ status: 200, close: true });
    expect((await answers[1]).status).toBe(200);
    expect((await reportOf(service)).code).toBe(0);
  });

  test('without a limit wait as long as it takes', async () => {
    const service = await startWithTls({ SHUTDOWN_DRAIN_TIMEOUT: 'none' });
    const answer = getTls(await httpsPort(service), '/slow?ms=2000');
    await inFlight(await service.management, 1, answer);
    await leave(service);
    expect((await answer).status).toBe(200);
    expect((await reportOf(service)).code).toBe(0);
  });

  test('end connections whose TLS handshake has stopped half-way', async () => {
    const service = await startWithTls({ SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms' });
    const url = `https://127.0.0.1:${await httpsPort(service)}`;
    const silent = await new RawClient(url, { tls: false }).connected();
    const half = await new RawClient(url, { tls: false }).connected();
    half.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00])); // the head of a ClientHello
    await leave(service);
    await Promise.all([silent.ended, half.ended]);
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.listeners[1]?.connections).toMatchObject({ idle: 2, cut: 0 });
    expect(report.ms.drain).toBeLessThan(5000);
  });

  test('an idle TLS connection is kept for the minimum and a request on it is answered', async () => {
    const service = await startWithTls({
      SHUTDOWN_WINDOW: '0',
      SHUTDOWN_WINDOW_MAX: '0',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '2s',
    });
    const { socket } = await handshake(await httpsPort(service));
    await leave(service);
    await service.line({ state: 'draining' });
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK[^]*Connection: close/);
    socket.destroy();
    expect((await reportOf(service)).code).toBe(0);
  });
});

describe('HTTPS alone', () => {
  test('is the only listener, from the start to the report', async () => {
    const service = startService(alone(await newSecret()), { bare: true });
    const answer = getTls(await httpsPort(service), '/slow?ms=300');
    await inFlight(await service.management, 1, answer);
    await leave(service);
    expect(await answer).toEqual({ status: 200, close: true });
    const { code, report } = await reportOf(service);
    expect(code).toBe(0);
    expect(report.listeners).toMatchObject([{ name: 'https', requests: { inFlightAtSignal: 1, cut: 0 } }]);
    const opened = service.lines.filter(({ event }) => event === 'listening').map(({ listener }) => listener);
    expect(new Set(opened)).toEqual(new Set(['https', 'management']));
  });
});

describe('a start with HTTPS', () => {
  test('whose port is taken closes HTTP again, names the port and exits 1', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const service = await startWithTls({ TLS_PORT: String(port) });
    const { code } = await service.ended;
    taken.close();
    expect(code).toBe(1);
    expect((await service.line({ event: 'fatal' })).msg).toContain(`https: port ${port} is already taken`);
    expect(service.lines.at(-1)).toMatchObject({ listeners: [{ name: 'http', result: 'closed' }] });
  });

  test('whose key is that of another certificate exits 78', async () => {
    const { key } = await make();
    const other = join(newFolder(), 'other.key');
    writeFileSync(other, key);
    const service = await startWithTls({ TLS_KEY_FILE: other });
    const { code, stderr } = await service.ended;
    expect(code).toBe(78);
    expect(stderr).toContain(`${other} are no certificate and its key`);
  });

  test('speaks TLS 1.2 at least', async () => {
    const service = await startWithTls();
    const port = await httpsPort(service);
    const old = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = (await once(old, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/^ERR_SSL_|ECONNRESET/);
    expect((await getTls(port, '/')).status).toBe(200);
  });
});

describe('a certificate', () => {
  test('is renewed under load without one failed handshake, and connections that are open live on', async () => {
    const secret = await newSecret();
    const service = startService(tls(secret, { LOG_LEVEL: 'info' }));
    const port = await httpsPort(service);
    const before = await handshake(port);
    const renewing = new AbortController();
    const failures: unknown[] = [];
    let handshakes = 0;
    const clients = Array.from({ length: 4 }, async () => {
      while (!renewing.signal.aborted) {
        await getTls(port, '/').then(
          () => handshakes++,
          (error: unknown) => failures.push(error),
        );
      }
    });
    for (const nth of [1, 2, 3]) {
      secret.swap(await make({ commonName: `renewed-${nth}` }));
      await service.line({ event: 'certificate', msg: 'certificate renewed' }, nth);
    }
    const after = await handshake(port);
    renewing.abort();
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(handshakes).toBeGreaterThan(10);
    expect([before.name, after.name]).toEqual(['localhost', 'renewed-3']);
    before.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(before.socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/);
    for (const { socket } of [before, after]) socket.destroy();
  });

  test('that is broken changes nothing, is an error in the log and a 0 in the metrics', async () => {
    const secret = await newSecret();
    const service = startService(tls(secret));
    const port = await httpsPort(service);
    const gauge = async () => {
      const { body } = await get(`${await service.management}/metrics`);
      return /^tls_certificate_last_reload_successful (\d)/m.exec(body)?.[1];
    };
    expect(await gauge()).toBe('1');
    const { cert } = await make({ commonName: 'broken' });
    const { key } = await make();
    secret.swap({ cert, key });
    const line = await service.line({ event: 'certificate' });
    expect(line).toMatchObject({ level: 'error' });
    expect(await gauge()).toBe('0');
    const { socket, name } = await handshake(port);
    socket.destroy();
    expect(name).toBe('localhost');
  });
});
