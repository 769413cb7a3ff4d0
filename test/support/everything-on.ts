import { join } from 'node:path';
import { FIXTURE } from '../fixture/sources.ts';
import { make, mount, tlsVariables } from './certificates.ts';

/** By room, what turns it on. The gateway's only target, below /away, is not there, and neither is the collector. */
const ON: Record<string, (folder: string) => Promise<Record<string, string>>> = {
  tls: async (folder) => tlsVariables(mount(join(folder, 'tls'), await make())),
  tracing: async () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }),
  gateway: async () => ({ GATEWAY_TARGETS: '/away=http://127.0.0.1:9' }), // discard: nobody listens on it
};

/** The environment of the fixture with every room that the engine has. */
export async function withEveryRoom(folder: string): Promise<Record<string, string>> {
  const parts = await Promise.all(FIXTURE.rooms.map(async ({ name }) => ON[name]?.(folder)));
  return Object.assign({}, ...parts) as Record<string, string>;
}
