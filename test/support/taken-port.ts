import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port that is taken for as long as the callback runs. */
export async function withTakenPort(use: (port: string) => Promise<void>): Promise<void> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  try {
    await use(String((server.address() as AddressInfo).port));
  } finally {
    server.close();
  }
}
