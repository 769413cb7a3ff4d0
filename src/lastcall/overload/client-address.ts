import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/schema.ts';
import { callerBy } from '../http/caller.ts';

/** Who asks, by `TRUST_PROXY`. */
export function clientAddress(config: Pick<Config, 'trustProxy'>): (req: IncomingMessage) => string {
  const { address } = callerBy(config);
  return (req) => clientOf(address(req));
}

/** Who has an address of IPv6 has 2^64 of them at least. */
function clientOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':'));
  const between = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...between, ...tail].slice(0, 4).join(':');
}
