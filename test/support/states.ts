import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { urlOf } from '../harness/log-lines.ts';
import { make, mount, tlsVariables } from './certificates.ts';
import { newFolder } from './folder.ts';
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
    files = tlsVariables(mount(join(folder, 'tls'), await make()));
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
    const url = await urlOf(service, protocol);
    await service.line({ state: 'ready' });
    const enter = async () => {
      if (state !== 'ready') service.kill('SIGTERM');
      await service.line({ state });
    };
    return { service, url, enter };
  };
}

/** The fixture with a listener for each protocol, for all tests of a file; `https` is empty where there is none. */
export async function startOnEveryPort(
  env: Record<string, string> = {},
): Promise<{ service: ServiceProcess; urls: Record<Protocol | 'management', string> }> {
  const tls = HAS_TLS ? tlsVariables(mount(join(newFolder(), 'tls'), await make())) : {};
  const service = startService({ ...tls, ...env });
  const urls = {
    http: await service.url,
    https: HAS_TLS ? await urlOf(service, 'https') : '',
    management: await service.management,
  };
  return { service, urls };
}
