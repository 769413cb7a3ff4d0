import https from 'node:https';
import { join } from 'node:path';
import { QUICK } from '../harness/environment.ts';
import { DIST, type ServiceProcess, startService } from '../harness/service.ts';
import { make, mount, type MountedSecret, tlsVariables } from './certificates.ts';
import { newFolder } from './folder.ts';

/** A mounted Secret with a certificate of its own. */
export async function newSecret(): Promise<MountedSecret> {
  return mount(join(newFolder(), 'tls'), await make());
}

/** The variables of HTTPS with this certificate. */
export const tls = (secret: MountedSecret, env: Record<string, string> = {}) => ({
  ...tlsVariables(secret),
  ...env,
});

/** All of the environment of a fixture without plain HTTP: nothing has to be set for what it does not open. */
export function alone(secret: MountedSecret): Record<string, string> {
  const { PORT: _plain, ...quick } = QUICK;
  return { ...quick, ...tls(secret), TLS_ONLY: 'true', DIST };
}

/** The service with HTTPS, and a certificate of its own. */
export async function startWithTls(env: Record<string, string> = {}): Promise<ServiceProcess> {
  return startService(tls(await newSecret(), env));
}

/** The port of its HTTPS listener, once that is open. */
export async function httpsPort(service: ServiceProcess): Promise<number> {
  return Number((await service.line({ event: 'listening', listener: 'https' }))['port']);
}

/** Whether the answer over TLS is a 200, and whether it said close. */
export async function getTls(port: number, path: string): Promise<{ status: number; close: boolean }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, agent: false as const, rejectUnauthorized: false };
    const req = https.get(options, (res) => {
      res.resume();
      res.on('error', reject);
      res.on('end', () => {
        resolve({ status: res.statusCode ?? 0, close: res.headers.connection === 'close' });
      });
    });
    req.on('error', reject);
  });
}
