import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { make, mount } from './certificates.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { FIXTURE } from '../fixture/sources.ts';

/** The states in which clients that are connected are served. */
export const SERVING = ['ready', 'lame-duck', 'draining'] as const;
export type Serving = (typeof SERVING)[number];

const HAS_TLS = FIXTURE.rooms.some(({ name }) => name === 'tls');

export type Protocol = 'http' | 'https';
/** Those that the engine speaks: without its room `tls`, only HTTP. */
export const PROTOCOLS: Protocol[] = HAS_TLS ? ['http', 'https'] : ['http'];

/** Every state with every protocol. */
export const EVERYWHERE = PROTOCOLS.flatMap((protocol) =>
  SERVING.map((state): [Protocol, Serving] => [protocol, state]),
);

/** Long enough for what a test does in a state. */
const WINDOWS = { ready: '100ms', 'lame-duck': '2s', draining: '0' };

/** The fixture with a listener for each protocol, in a suite that has called {@link withCertificate}. */
export interface Everywhere {
  service: ServiceProcess;
  url: string;
  /** Resolves when it is in the state; clients have to be connected before. */
  enter: () => Promise<void>;
}

/** Makes a certificate for the suite, and returns how services are started with it. */
export function withCertificate(): (
  protocol: Protocol,
  state: Serving,
  env?: Record<string, string>,
) => Promise<Everywhere> {
  let folder: string;
  let files: Record<string, string> = {};
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'service-'));
    if (!HAS_TLS) return;
    const { certFile, keyFile } = mount(join(folder, 'tls'), await make());
    files = { TLS_PORT: '0', TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  return async (protocol, state, env = {}) => {
    const service = startService(
      {
        ...files,
        SHUTDOWN_WINDOW: WINDOWS[state],
        SHUTDOWN_WINDOW_MAX: WINDOWS[state],
        SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
        ...env,
      },
      { entry: 'test/process/fixture.mjs' },
    );
    const { port } = await service.line({ event: 'listening', listener: protocol });
    await service.line({ state: 'ready' });
    const enter = async () => {
      if (state !== 'ready') service.kill('SIGTERM');
      await service.line({ state });
    };
    return { service, url: `${protocol}://127.0.0.1:${String(port)}`, enter };
  };
}
