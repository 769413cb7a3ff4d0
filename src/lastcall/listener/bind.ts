import type { Server } from 'node:net';
import { LifecycleError } from '../lifecycle/errors.ts';

const REASONS: Record<string, string> = {
  EADDRINUSE: 'is already taken by another process',
  EACCES: 'needs a permission that this process lacks',
  EADDRNOTAVAIL: 'is not an address of this machine',
};

/**
 * Opens a server's listening socket; an undefined host means all interfaces, IPv6 and IPv4.
 *
 * @throws LifecycleError `LISTENER_BIND`, which says which listener, which address, and why in words
 */
export async function bind(
  server: Server,
  { name, host, port }: { name: string; host: string | undefined; port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException) => {
      const reason = REASONS[cause.code ?? ''] ?? 'cannot be bound';
      const where = host === undefined ? `port ${port}` : `port ${port} on ${host}`;
      reject(new LifecycleError('LISTENER_BIND', `${name}: ${where} ${reason} (${cause.code})`, { cause }));
    };
    server.once('error', refused);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.removeListener('error', refused);
      resolve();
    });
  });
}
