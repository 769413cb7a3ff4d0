import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect } from '@jest/globals';
import type { Certificate } from '../../src/lastcall/listener/listener.ts';
import { get } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { reportOf } from '../harness/report.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { make, tlsVariables } from '../support/certificates.ts';
import { newFolder } from '../support/folder.ts';
import { httpsPort, newSecret, tls } from '../support/https.ts';

/** Whom a new client meets. */
async function nameAt(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

/** The service with a certificate in plain files, which somebody writes in place. */
async function withPlainFiles(first: Certificate) {
  const folder = newFolder();
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const write = ({ cert, key }: Certificate) => {
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
  };
  write(first);
  const service = startService(tlsVariables({ certFile, keyFile }));
  return { service, port: await httpsPort(service), certFile, keyFile, write };
}

const stays = { event: 'certificate', level: 'error' };
const renewed = { event: 'certificate', msg: 'certificate renewed' };

async function endsWell(service: ServiceProcess): Promise<void> {
  service.kill('SIGTERM');
  expect((await reportOf(service)).code).toBe(0);
}

describe('a certificate', () => {
  test.each([
    [
      'of which half is written',
      ({ cert, key }: Certificate) => ({ cert: cert.slice(0, cert.length / 2), key }),
    ],
    [
      'whose key is half written',
      ({ cert, key }: Certificate) => ({ cert, key: key.slice(0, key.length / 2) }),
    ],
    ['that is swapped with its key', ({ cert, key }: Certificate) => ({ cert: key, key: cert })],
    ['that is empty', ({ key }: Certificate) => ({ cert: '', key })],
  ])('%s leaves the old one in use, says so, and is taken when it is whole', async (_wrong, spoil) => {
    const next = await make({ commonName: 'next' });
    const { service, port, write } = await withPlainFiles(await make());
    write(spoil(next));
    expect((await service.line(stays)).msg).toMatch(/^the certificate stays as it is: /);
    expect(await nameAt(port)).toBe('localhost');
    write(next);
    await service.line(renewed);
    expect(await nameAt(port)).toBe('next');
    await endsWell(service);
  });

  test('that is gone leaves the old one in use until there is a new one', async () => {
    const { service, port, certFile, write } = await withPlainFiles(await make());
    rmSync(certFile);
    expect((await service.line(stays)).msg).toContain('ENOENT');
    expect(await nameAt(port)).toBe('localhost');
    write(await make({ commonName: 'next' }));
    await service.line(renewed);
    expect(await nameAt(port)).toBe('next');
    await endsWell(service);
  });

  test('that has expired is used, from the start and as a new one, with a warning', async () => {
    const past = { expiresAt: new Date('2001-02-03T04:05:06Z') };
    const { service, port, write } = await withPlainFiles(await make(past));
    const expired = { event: 'certificate', level: 'warn' };
    expect(await service.line(expired)).toMatchObject({ expiresAt: '2001-02-03T04:05:06.000Z' });
    expect(await nameAt(port)).toBe('localhost');
    write(await make({ ...past, commonName: 'also-expired' }));
    await service.line(expired, 2);
    expect(await nameAt(port)).toBe('also-expired');
    const { body } = await get(`${await service.management}/metrics`);
    expect(body).toMatch(/^tls_certificate_expiry_timestamp_seconds 981173106$/m);
    await endsWell(service);
  });

  test('that is renewed in the window is that of who connects then', async () => {
    const secret = await newSecret();
    const service = startService(tls(secret, { SHUTDOWN_WINDOW: '20s', SHUTDOWN_WINDOW_MAX: '20s' }));
    const port = await httpsPort(service);
    service.kill('SIGTERM');
    await service.line({ state: 'lame-duck' });
    secret.swap(await make({ commonName: 'next' }));
    await service.line(renewed);
    expect(await nameAt(port)).toBe('next');
    service.kill('SIGINT'); // the window has been looked at
    expect((await reportOf(service)).code).toBe(0);
  });
});
