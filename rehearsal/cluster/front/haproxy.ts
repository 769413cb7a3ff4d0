import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { FrontKind, FrontLoss } from './kind.ts';

/** What it answers by itself (https://docs.haproxy.org/2.6/configuration.html, 1.3.1). */
const OWN: Record<number, FrontLoss> = { 502: 'reset', 503: 'refused', 504: 'timeout' };

/**
 * HAProxy with the time-outs of Debian's configuration and its own defaults: it keeps connections to its servers, and
 * tries three times more to get one.
 */
export const haproxy: FrontKind = {
  title: 'HAProxy',
  program: 'haproxy',
  needs: [['/usr/sbin/haproxy', 'haproxy']],
  configure: ({ folder, port }, endpoints) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, configuration(folder, port, endpoints));
    return ['-db', '-f', file];
  },
  // Each endpoint has a server of its own, which never becomes another's: an answer names its server.
  lead: async ({ folder }, endpoints, known) => {
    const commands = known.map((port, i) => {
      const name = `set server service/replica${i + 1}`;
      return endpoints.includes(port)
        ? `${name} addr 127.0.0.1 port ${port};${name} state ready`
        : `${name} state maint`;
    });
    await ask(join(folder, 'admin.sock'), commands.join(';'));
  },
  passage: (status, headers, known) => {
    const port = known[Number(headers['x-rehearsal-server']) - 1];
    const isOwn = headers['x-rehearsal-answered'] === undefined;
    if (!isOwn) return { port };
    const loss = OWN[status] ?? 'reset';
    return { port, loss: port === undefined && loss === 'refused' ? 'no-endpoint' : loss };
  },
};

function configuration(folder: string, port: number, endpoints: number): string {
  return `global
  stats socket ${join(folder, 'admin.sock')} level admin
defaults
  mode http
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  http-response set-header X-Rehearsal-Answered yes
  http-after-response set-header X-Rehearsal-Server %[srv_id]
  default_backend service
backend service
  server-template replica 1-${endpoints} 127.0.0.1:1 disabled
`;
}

async function ask(socket: string, commands: string): Promise<string> {
  const client = connect(socket);
  client.end(`${commands}\n`);
  return text(client);
}
