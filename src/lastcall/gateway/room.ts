import { hostname } from 'node:os';
import { custom, duration } from '../config/variables.ts';
import type { Room } from '../room.ts';
import { findLoop, parseGatewayTargets } from './targets.ts';

const SCHEMA = {
  targets: custom(
    'GATEWAY_TARGETS',
    parseGatewayTargets,
    'a list such as /api=http://a:8000,shop.example/=http://b:8001',
    {
      meaning:
        'Reverse proxy: `prefix=URL` or `host/prefix=URL`, separated by commas; the longest prefix wins, own routes come first',
    },
  ),
  timeoutMs: duration('GATEWAY_TIMEOUT', {
    default: '30s',
    least: '10ms',
    meaning: 'Most time for a target to connect, and to begin its answer once it has the request, else 504',
  }),
};

/** The variables of the gateway. */
export const gatewayRoom: Room<typeof SCHEMA> = {
  name: 'gateway',
  schema: SCHEMA,
  contradictions: ({ targets }, { config, ports }) => {
    const everywhere = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]', hostname()];
    const hosts = config.http.host === undefined ? everywhere : [config.http.host];
    const loop = findLoop(targets ?? [], { ports: ports.map(({ port }) => port), hosts });
    if (loop === undefined) return [];
    const text = `GATEWAY_TARGETS: ${loop.name}=${loop.url.href} is this service itself, expected another one`;
    return [{ of: ['GATEWAY_TARGETS', ...ports.map(({ name }) => name)], text }];
  },
};
