import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { CertificateWatcher, readCertificate } from '../../../src/lastcall/tls/certificate.ts';
import type { Certificate } from '../../../src/lastcall/listener/listener.ts';
import { make, mount, type MountedSecret } from '../../support/certificates.ts';

let first: Certificate;
let second: Certificate;
let folder: string;
let secret: MountedSecret;
let watchers: CertificateWatcher[];

beforeAll(async () => {
  first = await make({ commonName: 'first', expiresAt: new Date('2041-02-03T04:05:06Z') });
  second = await make({ commonName: 'second', expiresAt: new Date('2042-02-03T04:05:06Z') });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  secret = mount(folder, first);
  watchers = [];
});

afterEach(() => {
  for (const watcher of watchers) watcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A started watcher and all that it emits, as text. */
function watching(files: { certFile: string; keyFile: string } = secret) {
  const watcher = new CertificateWatcher(files);
  const events: string[] = [];
  watcher.on('renewed', ({ cert }) => events.push(`renewed ${new X509Certificate(cert).subject}`));
  watcher.on('broken', ({ message }) => events.push(`broken ${message}`));
  watchers.push(watcher);
  watcher.start();
  return { watcher, events };
}

const broken = (): Certificate => ({ cert: second.cert, key: first.key });

describe('reading a certificate', () => {
  test('gives both files as they are', () => {
    expect(readCertificate(secret)).toEqual(first);
  });

  test.each(['certFile', 'keyFile'] as const)('names a %s that is not there', (name) => {
    const file = join(folder, 'not-there');

    expect(() => readCertificate({ ...secret, [name]: file })).toThrow(
      new RegExp(`^${file} can't be read: .*ENOENT`),
    );
  });

  test.each<[string, () => Certificate | Promise<Certificate>]>([
    ['a key of another certificate', broken],
    [
      'a key of another kind',
      async () => ({ ...first, key: (await generate(undefined, { algorithm: 'sha256' })).private }),
    ],
    ['no PEM as the certificate', () => ({ ...first, cert: 'x' })],
    ['no PEM as the key', () => ({ ...first, key: 'x' })],
    ['an empty certificate', () => ({ ...first, cert: '' })],
    ['an empty key', () => ({ ...first, key: '' })],
    ['the two mixed up', () => ({ cert: first.key, key: first.cert })],
  ])('names both files when it finds %s', async (_name, certificate) => {
    secret.swap(await certificate());

    expect(() => readCertificate(secret)).toThrow(
      `${secret.certFile} and ${secret.keyFile} are no certificate and its key: `,
    );
  });
});

describe('a watcher', () => {
  test('begins with what is there, and refuses to begin with what can not be used', () => {
    expect(watching().watcher).toMatchObject({ certificate: first, upToDate: true });

    secret.swap(broken());
    expect(() => new CertificateWatcher(secret)).toThrow('are no certificate and its key');
  });

  test('gives the new certificate when the kubelet swaps the link, again and again', async () => {
    const { watcher, events } = watching();

    for (const certificate of [second, first, second]) {
      secret.swap(certificate);
      expect(await once(watcher, 'renewed')).toEqual([certificate]);
      expect(watcher).toMatchObject({ certificate, upToDate: true });
    }

    expect(events).toEqual(['renewed CN=second', 'renewed CN=first', 'renewed CN=second']);
  });

  test('knows when the certificate in use expires', async () => {
    const { watcher } = watching();
    expect(watcher.expiresAt).toBe(Date.parse('2041-02-03T04:05:06Z') / 1000);

    secret.swap(second);
    await once(watcher, 'renewed');
    expect(watcher.expiresAt).toBe(Date.parse('2042-02-03T04:05:06Z') / 1000);
  });

  test('keeps the old certificate when the new one is broken, says so once, and recovers', async () => {
    const { watcher, events } = watching();
    const extra = { certFile: join(folder, 'extra.crt'), keyFile: join(folder, 'extra.key') };
    writeFileSync(extra.certFile, first.cert);
    writeFileSync(extra.keyFile, first.key);
    secret.swap(broken());
    await once(watcher, 'broken');
    expect(watcher).toMatchObject({ certificate: first, upToDate: false });

    const { watcher: witness } = watching(extra);
    // The same again, and a change for a witness, who looks after it: its watch is the later one.
    secret.swap(broken());
    writeFileSync(extra.certFile, second.cert);
    await once(witness, 'broken');
    expect(events).toHaveLength(1);

    secret.swap({ cert: 'x', key: 'y' });
    await once(watcher, 'broken');
    secret.swap(second);
    await once(watcher, 'renewed');

    expect(watcher).toMatchObject({ certificate: second, upToDate: true });
    expect(events).toEqual([
      expect.stringMatching(/^broken .*are no certificate and its key/),
      expect.stringMatching(/^broken .*are no certificate and its key/),
      'renewed CN=second',
    ]);
  });

  test('sees files that are replaced one after the other as one change', async () => {
    const plain = mkdtempSync(join(folder, 'plain-'));
    const files = { certFile: join(plain, 'c.pem'), keyFile: join(plain, 'k.pem') };
    writeFileSync(files.certFile, first.cert);
    writeFileSync(files.keyFile, first.key);
    const { watcher, events } = watching(files);

    writeFileSync(`${files.certFile}.new`, second.cert);
    renameSync(`${files.certFile}.new`, files.certFile);
    writeFileSync(files.keyFile, second.key);
    await once(watcher, 'renewed');

    expect(events).toEqual(['renewed CN=second']);
  });

  test('watches the folders of both files', async () => {
    const keys = mkdtempSync(join(folder, 'keys-'));
    const keyFile = join(keys, 'k.pem');
    writeFileSync(keyFile, first.key);
    const { watcher } = watching({ certFile: secret.certFile, keyFile });

    secret.swap(second);
    await once(watcher, 'broken');
    writeFileSync(keyFile, second.key);

    expect(await once(watcher, 'renewed')).toEqual([second]);
  });

  test('says that a file is gone, and is up to date again when the same is back', async () => {
    const { watcher, events } = watching();
    unlinkSync(secret.certFile);
    await once(watcher, 'broken');
    expect(events).toEqual([expect.stringMatching(`^broken ${secret.certFile} can't be read`)]);

    writeFileSync(secret.certFile, first.cert);
    while (!watcher.upToDate) await new Promise((resolve) => void setImmediate(resolve));

    expect(watcher.certificate).toEqual(first);
    expect(events).toHaveLength(1);
  });

  test('starts even where nothing can be watched', () => {
    const watcher = new CertificateWatcher(secret);
    watchers.push(watcher);
    rmSync(folder, { recursive: true });

    expect(() => watcher.start()).not.toThrow();
    expect(watcher.certificate).toEqual(first);
  });

  test('that is stopped looks no more', async () => {
    const stopped = watching();
    const other = watching();
    stopped.watcher.stop();

    secret.swap(second);
    await once(other.watcher, 'renewed');

    expect(stopped.events).toEqual([]);
    expect(stopped.watcher.certificate).toEqual(first);
  });
});
