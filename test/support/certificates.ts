import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Certificate } from '../../src/lastcall/listener/listener.ts';

export interface MakeOptions {
  commonName?: string;
  expiresAt?: Date;
}

/** A self-signed certificate of localhost and its key, both new. */
export async function make({ commonName = 'localhost', expiresAt }: MakeOptions = {}): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(expiresAt === undefined ? {} : { notAfterDate: expiresAt }),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}

export interface MountedSecret {
  certFile: string;
  keyFile: string;
  /** Replaces both files in one step, as the kubelet does. */
  swap: (certificate: Certificate) => void;
}

/** The variables of HTTPS with this certificate, on a free port. */
export const tlsVariables = ({ certFile, keyFile }: Pick<MountedSecret, 'certFile' | 'keyFile'>) => ({
  TLS_PORT: '0',
  TLS_CERT_FILE: certFile,
  TLS_KEY_FILE: keyFile,
});

let mounts = 0;

/**
 * A Secret of type kubernetes.io/tls as the kubelet mounts it: the files lie in a folder with a timestamp, `..data`
 * links to that folder, and what the container opens are links through `..data`.
 */
export function mount(folder: string, certificate: Certificate): MountedSecret {
  mkdirSync(folder, { recursive: true });
  const link = join(folder, '..data');
  const write = ({ cert, key }: Certificate) => {
    const stamp = `..2025_01_31_12_00_00.${String(++mounts).padStart(9, '0')}`;
    mkdirSync(join(folder, stamp));
    writeFileSync(join(folder, stamp, 'tls.crt'), cert);
    writeFileSync(join(folder, stamp, 'tls.key'), key);
    return stamp;
  };
  symlinkSync(write(certificate), link);
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(folder, file));
  return {
    certFile: join(folder, 'tls.crt'),
    keyFile: join(folder, 'tls.key'),
    swap: (renewed) => {
      const old = readlinkSync(link);
      symlinkSync(write(renewed), `${link}_tmp`);
      renameSync(`${link}_tmp`, link);
      rmSync(join(folder, old), { recursive: true });
    },
  };
}
