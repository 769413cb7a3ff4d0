import { join } from 'node:path';
import { make, mount } from './certificates.ts';

/** The environment of a service with HTTPS and with a gateway, whose only target, below /away, is not there. */
export async function withTlsAndGateway(folder: string): Promise<Record<string, string>> {
  const { certFile, keyFile } = mount(join(folder, 'tls'), await make());
  return {
    TLS_PORT: '0',
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    GATEWAY_TARGETS: '/away=http://127.0.0.1:9', // discard: nobody listens on it
  };
}
