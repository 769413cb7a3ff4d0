import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { errorOf, messageOf } from '../lifecycle/errors.ts';
import type { Certificate } from '../listener/listener.ts';

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** Files change in bursts: the certificate, then its key. */
const SETTLE_MS = 100;
/** Should a file system report no changes, they are found by looking. */
const LOOK_AGAIN_MS = 30_000;

/** @throws Error that names the file or says what does not fit */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  const certificate = { cert: read(certFile), key: read(keyFile) };
  try {
    createSecureContext(certificate);
    // It lets pass an empty file, and a key of another kind (RSA for EC), with which no handshake succeeds.
    if (!new X509Certificate(certificate.cert).checkPrivateKey(createPrivateKey(certificate.key))) {
      throw new Error('the key is that of another certificate');
    }
  } catch (error) {
    throw new Error(`${certFile} and ${keyFile} are no certificate and its key: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return certificate;
}

/**
 * Reads certificate and key again when they change on disk. A Secret is mounted as a folder whose files are links
 * through `..data`, and the kubelet swaps that link: so the folders are watched, not the files.
 *
 * Emits `renewed` with the new certificate, `broken` when what is there now can't be used: the old one stays.
 */
export class CertificateWatcher extends EventEmitter<{ renewed: [Certificate]; broken: [Error] }> {
  readonly #files: CertificateFiles;
  readonly #watchers: FSWatcher[] = [];
  #certificate: Certificate;
  #problem: string | undefined;
  #settling: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(files: CertificateFiles) {
    super();
    this.#files = files;
    this.#certificate = readCertificate(files);
  }

  get certificate(): Certificate {
    return this.#certificate;
  }

  /** When the certificate in use expires, in seconds since 1970. */
  get expiresAt(): number {
    return new Date(new X509Certificate(this.#certificate.cert).validTo).getTime() / 1000;
  }

  /** What is on disk is what is in use. */
  get upToDate(): boolean {
    return this.#problem === undefined;
  }

  start(): void {
    this.#looking = setInterval(() => this.#look(), LOOK_AGAIN_MS).unref();
    for (const folder of new Set([dirname(this.#files.certFile), dirname(this.#files.keyFile)])) {
      try {
        this.#watch(folder);
      } catch {
        // The inotify instances of a node are few and shared by its pods; looking goes on.
      }
    }
  }

  stop(): void {
    clearInterval(this.#looking);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    const watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => this.#look(), SETTLE_MS).unref();
    });
    watcher.on('error', () => watcher.close()); // the folder is gone; looking goes on
    this.#watchers.push(watcher);
  }

  #look(): void {
    try {
      const found = readCertificate(this.#files);
      this.#problem = undefined;
      if (found.cert === this.#certificate.cert && found.key === this.#certificate.key) return;
      this.#certificate = found;
      this.emit('renewed', found);
    } catch (error) {
      const problem = messageOf(error);
      if (problem === this.#problem) return; // said already
      this.#problem = problem;
      this.emit('broken', errorOf(error));
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
}
